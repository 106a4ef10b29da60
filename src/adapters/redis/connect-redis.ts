import { Redis, type RedisOptions } from 'ioredis';
import type { Log } from '../../core/log.ts';
import { type DirectoryScripts, SCRIPTS } from './directory-scripts.ts';

const RECONNECT_MS_MAX = 500;

export type ScriptedRedis = Redis & DirectoryScripts;

export interface RedisConnectionOptions {
	/** How long a command waits for its answer. */
	readonly timeoutMs: number;
	/** A connection that owes an answer for so long is taken for dead; never, unless told. */
	readonly silenceMaxMs?: number;
	/** Put before every key, not before channels. */
	readonly keyPrefix?: string;
	readonly log: Log;
}

/**
 * A client that never queues: what cannot be sent now, or is not answered in `timeoutMs`, fails, and is
 * not sent again later. Reconnects for ever.
 */
export function connectRedis(
	url: string,
	{ timeoutMs, log, keyPrefix, silenceMaxMs }: RedisConnectionOptions,
): ScriptedRedis {
	const redis = new OneWatchEach(url, {
		lazyConnect: true,
		connectionName: 'naru',
		connectTimeout: timeoutMs,
		commandTimeout: timeoutMs,
		enableOfflineQueue: false,
		autoResendUnfulfilledCommands: false,
		maxRetriesPerRequest: 0,
		keepAlive: 5_000,
		retryStrategy: (attempts) => Math.min(RECONNECT_MS_MAX, attempts * 50),
		// A server that became a replica, or that waits for one: another may be behind the name by now.
		reconnectOnError: ({ message }) => /^(READONLY|MASTERDOWN|CLUSTERDOWN)\b/.test(message),
		// Who subscribes does so again; here nobody would hear that it failed.
		autoResubscribe: false,
		scripts: SCRIPTS,
		...(keyPrefix === undefined ? {} : { keyPrefix }),
		...(silenceMaxMs === undefined ? {} : { socketTimeout: silenceMaxMs }),
	}) as ScriptedRedis;
	logStatus(redis, log);
	return redis;
}

/** The timer of `socketTimeout` in ioredis 5, private there. */
const WATCH = 'socketTimeoutTimer';

/** ioredis 5 watches a connection's silence also after it closed, and would end the next one for it. */
class OneWatchEach extends Redis {
	constructor(url: string, options: RedisOptions) {
		super(url, options);
		this.on('close', () => {
			clearTimeout(Reflect.get(this, WATCH));
			Reflect.set(this, WATCH, undefined);
		});
	}

	/** Colyseus makes its second connection so. */
	override duplicate(options?: Partial<RedisOptions>): Redis {
		return new OneWatchEach('', { ...this.options, ...options });
	}
}

/** One line when it is lost and one when it is back, not one an attempt. */
function logStatus(redis: Redis, log: Log): void {
	let isThere: boolean | undefined;
	redis.on('ready', () => {
		if (isThere === false) log.info({}, 'Redis is there');
		isThere = true;
	});
	redis.on('close', () => {
		if (isThere !== false) log.warn({}, 'Redis is lost; trying again');
		isThere = false;
	});
	redis.on('error', ({ code, name }: NodeJS.ErrnoException) => {
		log.debug({ code, name }, 'the connection to Redis failed');
	});
}
