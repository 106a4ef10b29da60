import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, SETTINGS } from '../src/config.ts';

/** `NAME=value` lines of `.env.example`. */
const example = Object.fromEntries(
	[
		...readFileSync(new URL('../.env.example', import.meta.url), 'utf8').matchAll(
			/^([A-Z_]+)=(.*)$/gm,
		),
	].map(([, name, value]) => [name ?? '', value ?? '']),
);

const SECRET = 'a-secret-that-is-long-enough-for-hs256';

function refusal(env: Record<string, string>): string {
	try {
		readConfig(env);
	} catch (error) {
		expect(error).toBeInstanceOf(ConfigError);
		const { message } = error as ConfigError;
		expect(message).not.toContain('\n');
		return message;
	}
	throw new Error('was accepted');
}

describe('settings', () => {
	test('.env.example names every setting and no other', () => {
		expect(Object.keys(example).sort()).toEqual(Object.keys(SETTINGS).sort());
	});

	test('the values of .env.example are the defaults', () => {
		expect(readConfig(example)).toEqual(readConfig({}));
	});

	test('without any, one development node on loopback', () => {
		expect(readConfig({})).toMatchObject({
			port: 2567,
			host: '127.0.0.1',
			dataDirectory: '.naru',
			environment: 'development',
			development: true,
			auth: {},
			allowedOrigins: [],
			channelJoinCreates: true,
			logLevel: 'info',
			warnings: [],
		});
	});

	test('are read, trimmed and frozen', () => {
		const config = readConfig({
			PORT: ' 0 ',
			APP_ENV: 'production',
			AUTH_SECRET: SECRET,
			ALLOWED_ORIGINS: 'https://a.example, http://b.example:8080',
			CHANNEL_JOIN_CREATES: 'off',
			SOCKETS_PER_USER_MAX: '3',
		});
		expect(config).toMatchObject({
			port: 0,
			development: false,
			auth: { secret: SECRET },
			allowedOrigins: ['https://a.example', 'http://b.example:8080'],
			channelJoinCreates: false,
			limits: { socketsPerUserMax: 3 },
		});
		for (const part of [config, config.auth, config.limits, config.allowedOrigins]) {
			expect(Object.isFrozen(part)).toBe(true);
		}
	});

	test.each([
		[{ PORT: 'abc' }, 'PORT is not valid ("abc"): set a whole number from 0 to 65535'],
		[{ PORT: '65536' }, 'PORT is not valid ("65536"): set a whole number from 0 to 65535'],
		[{ PORT: '-1' }, 'PORT is not valid ("-1"): set a whole number from 0 to 65535'],
		[{ HOST: 'a b' }, 'HOST is not valid ("a b"): set an address to listen on'],
		[{ APP_ENV: 'Prod!' }, 'APP_ENV is not valid ("Prod!"): set a name'],
		[{ ALLOWED_ORIGINS: 'https://a.example/x' }, 'ALLOWED_ORIGINS is not valid'],
		[{ ALLOWED_ORIGINS: '*' }, 'ALLOWED_ORIGINS is not valid ("*"): set origins'],
		[{ CHANNEL_JOIN_CREATES: 'yes' }, 'set on or off'],
		[{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is not valid ("loud"): set trace, debug'],
		[{ MONGO_URL: 'mongodb://h' }, 'MONGO_URL is set without REDIS_URL and NATS_URL'],
	])('%j is refused in one line', (env, says) => {
		expect(refusal(env as Record<string, string>)).toContain(says);
	});

	test('[P42] outside development a secret or JWKS is required', () => {
		for (const APP_ENV of ['production', 'staging', 'test']) {
			expect(refusal({ APP_ENV })).toContain('set AUTH_SECRET (at least 32 characters)');
			expect(readConfig({ APP_ENV, AUTH_SECRET: SECRET }).development).toBe(false);
			const AUTH_JWKS_URL = 'https://id.example/jwks.json';
			expect(readConfig({ APP_ENV, AUTH_JWKS_URL }).auth).toEqual({ jwksUrl: AUTH_JWKS_URL });
		}
	});

	test('[P42] issuer and audience are handed on', () => {
		const env = { AUTH_SECRET: SECRET, AUTH_ISSUER: 'https://id.example/', AUTH_AUDIENCE: 'naru' };
		expect(readConfig(env).auth).toEqual({
			secret: SECRET,
			issuer: 'https://id.example/',
			audience: 'naru',
		});
	});

	test('[P42] a short secret is refused in development too, and never shown', () => {
		const message = refusal({ AUTH_SECRET: 'hunter2' });
		expect(message).toContain('at least 32 characters');
		expect(message).not.toContain('hunter2');
	});

	test('URLs, which may hold passwords, are never shown', () => {
		const message = refusal({ REDIS_URL: 'http://:hunter2@h' });
		expect(message).toBe(
			'REDIS_URL is not valid: set a URL that begins with redis:// or rediss://',
		);
	});

	const SERVERS = { REDIS_URL: 'redis://h', NATS_URL: 'nats://h', MONGO_URL: 'mongodb://h' };

	test('[P23] a cluster takes all three servers', () => {
		const { cluster } = readConfig({ ...SERVERS, AUTH_SECRET: SECRET });
		expect(cluster).toEqual({
			redisUrl: 'redis://h',
			natsUrl: 'nats://h',
			mongoUrls: ['mongodb://h'],
		});
		expect(readConfig({}).cluster).toBeUndefined();
	});

	test('[C24] the store may be several shards, each a URL with its own list of hosts', () => {
		const MONGO_URL = 'mongodb://a,b/naru?replicaSet=r, mongodb+srv://c';
		const { cluster } = readConfig({ ...SERVERS, MONGO_URL, AUTH_SECRET: SECRET });
		expect(cluster?.mongoUrls).toEqual(['mongodb://a,b/naru?replicaSet=r', 'mongodb+srv://c']);
		expect(
			refusal({ ...SERVERS, MONGO_URL: 'mongodb://a http://b', AUTH_SECRET: SECRET }),
		).toContain('MONGO_URL is not valid');
	});

	test('[P42] the nodes of a cluster need a common secret, in development too', () => {
		expect(refusal(SERVERS)).toContain('AUTH_SECRET is missing: with REDIS_URL');
	});

	test('simulators are started along in development, unless there is something to call', () => {
		const both = [
			{ name: 'payment', port: 0 },
			{ name: 'institutions', port: 2571 },
		];
		const INSTITUTIONS_PORT = '2571';
		const PAYMENT_URL = 'http://127.0.0.1:2570';
		const production = { APP_ENV: 'production', AUTH_SECRET: SECRET };
		expect(readConfig({ INSTITUTIONS_PORT }).outside.simulators).toEqual(both);
		expect(readConfig({ INSTITUTIONS_PORT, PAYMENT_URL }).outside).toEqual({
			paymentUrl: PAYMENT_URL,
			simulators: both.slice(1),
		});
		expect(readConfig({ SIMULATORS: 'off' }).outside.simulators).toEqual([]);
		expect(readConfig(production).outside.simulators).toEqual([]);
		expect(readConfig({ ...production, SIMULATORS: 'on' }).outside.simulators).toHaveLength(2);
	});

	test('the port of a simulator that is not started is said to have no effect', () => {
		const { warnings } = readConfig({ PAYMENT_PORT: '2570', SIMULATORS: 'off' });
		expect(warnings).toEqual(['PAYMENT_PORT has no effect: no simulator of payment is started']);
		expect(refusal({ PAYMENT_PORT: 'x' })).toContain('PAYMENT_PORT is not valid');
	});
});
