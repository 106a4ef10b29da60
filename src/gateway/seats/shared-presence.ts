import { RedisPresence } from '@colyseus/redis-presence';
import type { Redis } from 'ioredis';

type Callback = Parameters<RedisPresence['subscribe']>[1];

/** Where Colyseus counts rooms and clients per process. */
const COUNTS = 'roomcount';
/** Channels on which a room answers questions of other nodes. */
const isOfRoom = (topic: string) => topic.startsWith('$');
const nothing = () => {};

/**
 * Colyseus's presence in Redis, for questions between its nodes and for rooms' own use. While Redis is
 * away nothing waits for it and nothing that Colyseus does not look at fails: what is subscribed is
 * subscribed again when Redis is back. Channels and keys begin with a prefix, for Redis may serve
 * others, too.
 */
class SharedPresence extends RedisPresence {
	readonly #prefix: string;

	/** `redis` has the prefix for its keys already; ends with this. */
	constructor(redis: Redis, prefix: string) {
		super(redis);
		this.#prefix = prefix;
		// Colyseus would log each attempt to connect.
		for (const client of [this.pub, this.sub]) {
			client.removeAllListeners('error');
			client.on('error', nothing);
		}
	}

	async open(): Promise<void> {
		await Promise.allSettled([this.pub.connect(), this.sub.connect()]);
	}

	override async subscribe(topic: string, callback: Callback): Promise<this> {
		const subscribed = super.subscribe(this.#prefix + topic, callback).catch(nothing);
		// A new room need not wait until it can be asked from elsewhere.
		if (!isOfRoom(topic)) await subscribed;
		return this;
	}

	override async unsubscribe(topic: string, callback?: Callback): Promise<this> {
		await super.unsubscribe(this.#prefix + topic, callback).catch(nothing);
		return this;
	}

	override publish(topic: string, data: unknown): Promise<void> {
		return super.publish(this.#prefix + topic, data);
	}

	override async channels(pattern = '*'): Promise<string[]> {
		const channels = await super.channels(this.#prefix + pattern);
		return channels.map((channel) => channel.slice(this.#prefix.length));
	}

	override async hset(key: string, field: string, value: string): Promise<boolean> {
		const set = super.hset(key, field, value);
		return key === COUNTS ? set.catch(() => false) : set;
	}

	/** Colyseus would end no room of a node that stops while its count cannot be taken out. */
	override async hdel(key: string, field: string): Promise<boolean> {
		const gone = super.hdel(key, field);
		return key === COUNTS ? gone.catch(() => false) : gone;
	}

	/** Colyseus ends it before the last word is said; {@link end} does. */
	override shutdown(): void {}

	end(): void {
		this.sub.disconnect();
		this.pub.disconnect();
	}
}

/** Opens it; resolves after the first attempt to connect, whether it came or not. */
export async function openSharedPresence(redis: Redis, prefix: string): Promise<SharedPresence> {
	const presence = new SharedPresence(redis, prefix);
	await presence.open();
	return sparing(presence);
}

export type { SharedPresence };

/** Colyseus and rooms need not look at every promise: none that fails ends the process. */
function sparing<T extends object>(object: T): T {
	return new Proxy(object, {
		get(target, name) {
			const value: unknown = Reflect.get(target, name, target);
			if (typeof value !== 'function') return value;
			return (...args: unknown[]) => {
				const result: unknown = value.apply(target, args);
				if (result instanceof Promise) result.catch(nothing);
				return result;
			};
		},
	});
}
