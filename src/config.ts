/**
 * The only reader of the environment. Every setting is in {@link SETTINGS} and, with a comment, in
 * `.env.example`; an empty value is the same as none.
 */
import { z } from 'zod';
import { GATEWAY_LIMITS } from './gateway/gateway-limits.ts';
import { REQUEST_RATES, type RequestRates } from './gateway/request-limits.ts';

/** A setting that cannot be served; the message is one line that says which, why and what to do. */
export class ConfigError extends Error {
	override readonly name = 'ConfigError';
}

const wholeNumber = (min: number, max: number) =>
	z
		.string()
		.refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, {
			error: `set a whole number from ${min} to ${max}`,
		})
		.transform(Number);

const urlOf = (...schemes: string[]) =>
	z.string().refine((text) => schemes.includes(URL.parse(text)?.protocol ?? ''), {
		error: `set a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
	});

/** Several URLs, one a store shard, with white space between them or a comma. */
const mongoUrls = z
	.string()
	.transform((text) => text.split(/[\s,]+(?=mongodb(?:\+srv)?:\/\/)/))
	.refine((urls) => urls.every((url) => /^mongodb(\+srv)?:\/\/[^/\s]+(\/\S*)?$/.test(url)), {
		error: 'set URLs that begin with mongodb:// or mongodb+srv://, with commas between them',
	});

const LIFETIME = /^([a-z][A-Za-z]*):(\d{1,5})$/;

/** `collection:days`, with commas between. */
const lifetimes = z
	.string()
	.transform((text) => text.split(',').map((one) => one.trim()))
	.refine((list) => list.every((one) => LIFETIME.test(one)), {
		error: 'set collections with days, such as revocations:30',
	})
	.transform((list) =>
		Object.fromEntries(
			list.map((one) => {
				const [, name = '', days] = LIFETIME.exec(one) ?? [];
				return [name, Number(days)] as const;
			}),
		),
	);

const onOff = z
	.enum(['on', 'off'], { error: 'set on or off' })
	.transform((value) => value === 'on');

const isOrigin = (text: string) => {
	const url = URL.parse(text);
	return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
};

const origins = z
	.string()
	.transform((text) =>
		text
			.split(',')
			.map((origin) => origin.trim())
			.filter((origin) => origin !== ''),
	)
	.refine((list) => list.every(isOrigin), {
		error: 'set origins such as https://chat.example.com, with commas between them and no path',
	});

const SECRET_LENGTH_MIN = 32;
const port = wholeNumber(0, 65_535);

/** Every setting by name, with what it accepts. Absent ones take the default of {@link readConfig}. */
export const SETTINGS = {
	PORT: port,
	HOST: z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'set an address to listen on, such as 127.0.0.1'),
	NARU_DATA_DIR: z.string(),
	APP_ENV: z
		.string()
		.regex(/^[a-z][a-z0-9-]{0,31}$/, 'set a name such as development, staging or production'),
	AUTH_SECRET: z
		.string()
		.min(
			SECRET_LENGTH_MIN,
			`set at least ${SECRET_LENGTH_MIN} characters (openssl rand -base64 48)`,
		),
	AUTH_JWKS_URL: urlOf('https:', 'http:'),
	AUTH_ISSUER: z.string(),
	AUTH_AUDIENCE: z.string(),
	ALLOWED_ORIGINS: origins,
	SOCKETS_PER_USER_MAX: wholeNumber(1, 1_000_000),
	SOCKETS_PER_ADDRESS_MAX: wholeNumber(1, 1_000_000),
	REQUESTS_PER_USER_MAX: wholeNumber(1, 1_000_000),
	REQUESTS_PER_ADDRESS_MAX: wholeNumber(1, 1_000_000),
	REQUESTS_PER_SERVICE_MAX: wholeNumber(1, 1_000_000),
	TRUSTED_PROXIES: wholeNumber(0, 10),
	CHANNEL_JOIN_CREATES: onOff,
	REDIS_URL: urlOf('redis:', 'rediss:'),
	NATS_URL: urlOf('nats:', 'tls:'),
	MONGO_URL: mongoUrls,
	LIFETIMES: lifetimes,
	EVENTS_DAYS: wholeNumber(1, 3_660),
	EVENTS_MAX: wholeNumber(1_000, 1_000_000_000),
	EVENTS_REPLICAS: wholeNumber(1, 5),
	SIMULATORS: onOff,
	PAYMENT_URL: urlOf('http:', 'https:'),
	INSTITUTIONS_URL: urlOf('http:', 'https:'),
	PAYMENT_PORT: port,
	INSTITUTIONS_PORT: port,
	INSTITUTIONS_FILE: z.string(),
	TOKEN_KEYS: z.string(),
	LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
		error: 'set trace, debug, info, warn, error, fatal or silent',
	}),
};

type Name = keyof typeof SETTINGS;
type Values = { [N in Name]?: z.infer<(typeof SETTINGS)[N]> };

/** Values that may hold a secret: never repeated in a message. */
const SECRET: readonly Name[] = [
	'AUTH_SECRET',
	'AUTH_JWKS_URL',
	'REDIS_URL',
	'NATS_URL',
	'MONGO_URL',
	'PAYMENT_URL',
	'INSTITUTIONS_URL',
	'TOKEN_KEYS',
];

const CLUSTER = ['REDIS_URL', 'NATS_URL', 'MONGO_URL'] as const;
/** With neither secret nor URL, in development, a secret is generated and kept in the data directory. */
export interface AuthConfig {
	readonly secret?: string;
	readonly jwksUrl?: string;
	/** Asked of every token when given. */
	readonly issuer?: string;
	readonly audience?: string;
}

const DAY_MS = 86_400_000;
/** Days that calls to institutions are kept: three years. */
const LIFETIMES = { calls: 1_096, callDays: 1_096 };

/** All settings, checked and frozen. */
export interface Config {
	/** 0: any free port. */
	readonly port: number;
	readonly host: string;
	readonly dataDirectory: string;
	/** Name of the environment; stores of another one are refused. */
	readonly environment: string;
	/** Development conveniences: dev tokens, loopback origins, a generated secret. */
	readonly development: boolean;
	readonly auth: AuthConfig;
	/** Days that documents of a collection live; what is not named is kept for ever. */
	readonly lifetimes: Readonly<Record<string, number>>;
	/** What is kept of the domain events that left, for their readers. */
	readonly events: EventsConfig;
	/** Absent: one node on its data directory. */
	readonly cluster?: ClusterConfig;
	readonly allowedOrigins: readonly string[];
	readonly limits: { readonly socketsPerUserMax: number; readonly socketsPerAddressMax: number };
	readonly requestRates: RequestRates;
	/** How many proxies in front add to `X-Forwarded-For`; 0: it is not believed. */
	readonly trustedProxies: number;
	/** Whether joining a free channel id creates a public open channel. */
	readonly channelJoinCreates: boolean;
	readonly outside: OutsideConfig;
	readonly logLevel: z.infer<typeof SETTINGS.LOG_LEVEL>;
	/** Settings that are given but have no effect: one line each, to be shown. */
	readonly warnings: readonly string[];
}

/** How long events wait for readers, how many of them, and on how many servers of NATS. */
export interface EventsConfig {
	readonly ageMaxMs: number;
	readonly eventsMax: number;
	readonly replicas: number;
}

/** Who is called outside. */
export interface OutsideConfig {
	/** Where the payment providers are; absent: a simulator's, or none. */
	readonly paymentUrl?: string;
	/** Where the institutions are whose settings name no address of their own. */
	readonly institutionsUrl?: string;
	/** Settings of the institutions; absent: those of the simulator. */
	readonly institutionsFile?: string;
	/** Simulators that are started along, each with its port (0: any free one). */
	readonly simulators: readonly { readonly name: Simulator; readonly port: number }[];
	/** `id:base64` of 32 bytes, with commas between; the first seals, all open. */
	readonly tokenKeys?: string;
}

export type Simulator = 'payment' | 'institutions';

function readValues(env: Readonly<Record<string, string | undefined>>): Values {
	const values: Record<string, unknown> = {};
	for (const [name, schema] of Object.entries(SETTINGS)) {
		const text = env[name]?.trim();
		if (text === undefined || text === '') continue;
		const read = schema.safeParse(text);
		if (read.success) values[name] = read.data;
		else throw new ConfigError(`${name} ${problem(name, text)}: ${read.error.issues[0]?.message}`);
	}
	return values as Values;
}

const problem = (name: string, text: string) =>
	(SECRET as readonly string[]).includes(name)
		? 'is not valid'
		: `is not valid (${JSON.stringify(text.slice(0, 80))})`;

/** The servers that the nodes of a cluster share. */
export interface ClusterConfig {
	readonly redisUrl: string;
	readonly natsUrl: string;
	/** One a store shard. */
	readonly mongoUrls: readonly string[];
}

function clusterOf(values: Values): ClusterConfig | undefined {
	const { REDIS_URL: redisUrl, NATS_URL: natsUrl, MONGO_URL: mongoUrls } = values;
	const given = CLUSTER.filter((name) => values[name] !== undefined);
	if (given.length === 0) return undefined;
	if (redisUrl !== undefined && natsUrl !== undefined && mongoUrls !== undefined) {
		return Object.freeze({ redisUrl, natsUrl, mongoUrls: Object.freeze(mongoUrls) });
	}
	const missing = CLUSTER.filter((name) => values[name] === undefined);
	throw new ConfigError(
		`${given[0]} is set without ${missing.join(' and ')}: set all three or none`,
	);
}

function checkAuth(values: Values, environment: string): void {
	if (values.AUTH_SECRET !== undefined) return;
	// In development a node makes a secret of its own, which the others of a cluster would not know.
	if (environment === 'development' && values.REDIS_URL === undefined) return;
	if (environment !== 'development' && values.AUTH_JWKS_URL !== undefined) return;
	const why = environment === 'development' ? 'REDIS_URL' : `APP_ENV ${environment}`;
	const or = environment === 'development' ? '' : ' or AUTH_JWKS_URL';
	throw new ConfigError(
		`AUTH_SECRET is missing: with ${why} set AUTH_SECRET (at least ${SECRET_LENGTH_MIN} characters)${or}`,
	);
}

/** Simulators run along in development, unless there is something else to call. */
function outsideOf(values: Values, environment: string): OutsideConfig {
	const { PAYMENT_URL: paymentUrl, INSTITUTIONS_URL: institutionsUrl } = values;
	const isOn = values.SIMULATORS ?? environment === 'development';
	const simulators = [
		{ name: 'payment' as const, port: values.PAYMENT_PORT ?? 0, url: paymentUrl },
		{ name: 'institutions' as const, port: values.INSTITUTIONS_PORT ?? 0, url: institutionsUrl },
	].filter(({ url }) => isOn && url === undefined);
	return Object.freeze({
		...(paymentUrl === undefined ? {} : { paymentUrl }),
		...(institutionsUrl === undefined ? {} : { institutionsUrl }),
		...(values.INSTITUTIONS_FILE === undefined
			? {}
			: { institutionsFile: values.INSTITUTIONS_FILE }),
		...(values.TOKEN_KEYS === undefined ? {} : { tokenKeys: values.TOKEN_KEYS }),
		simulators: Object.freeze(simulators.map(({ name, port }) => ({ name, port }))),
	});
}

const eventsOf = (values: Values): EventsConfig =>
	Object.freeze({
		ageMaxMs: (values.EVENTS_DAYS ?? 7) * DAY_MS,
		eventsMax: values.EVENTS_MAX ?? 1_000_000,
		replicas: values.EVENTS_REPLICAS ?? 1,
	});

const PORT_NEEDS_SIMULATOR = {
	PAYMENT_PORT: 'payment',
	INSTITUTIONS_PORT: 'institutions',
} as const;

/** A port for a simulator that is not started. */
const warningsOf = (values: Values, { simulators }: OutsideConfig) =>
	Object.entries(PORT_NEEDS_SIMULATOR)
		.filter(([name]) => values[name as Name] !== undefined)
		.filter(([, simulator]) => simulators.every(({ name }) => name !== simulator))
		.map(([name, simulator]) => `${name} has no effect: no simulator of ${simulator} is started`);

function authOf(values: Values): AuthConfig {
	const { AUTH_SECRET: secret, AUTH_JWKS_URL: jwksUrl } = values;
	const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = values;
	return Object.freeze({
		...(secret === undefined ? {} : { secret }),
		...(jwksUrl === undefined ? {} : { jwksUrl }),
		...(issuer === undefined ? {} : { issuer }),
		...(audience === undefined ? {} : { audience }),
	});
}

/** Reads and checks all settings, or throws a {@link ConfigError}. */
export function readConfig(
	env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
	const values = readValues(env);
	const environment = values.APP_ENV ?? 'development';
	const cluster = clusterOf(values);
	const outside = outsideOf(values, environment);
	checkAuth(values, environment);
	return Object.freeze({
		port: values.PORT ?? 2567,
		host: values.HOST ?? '127.0.0.1',
		dataDirectory: values.NARU_DATA_DIR ?? '.naru',
		environment,
		development: environment === 'development',
		auth: authOf(values),
		lifetimes: Object.freeze({ ...LIFETIMES, ...values.LIFETIMES }),
		events: eventsOf(values),
		...(cluster === undefined ? {} : { cluster }),
		allowedOrigins: Object.freeze(values.ALLOWED_ORIGINS ?? []),
		limits: Object.freeze({
			socketsPerUserMax: values.SOCKETS_PER_USER_MAX ?? GATEWAY_LIMITS.socketsPerUserMax,
			socketsPerAddressMax: values.SOCKETS_PER_ADDRESS_MAX ?? GATEWAY_LIMITS.socketsPerAddressMax,
		}),
		requestRates: Object.freeze({
			perUserMax: values.REQUESTS_PER_USER_MAX ?? REQUEST_RATES.perUserMax,
			perAddressMax: values.REQUESTS_PER_ADDRESS_MAX ?? REQUEST_RATES.perAddressMax,
			perServiceMax: values.REQUESTS_PER_SERVICE_MAX ?? REQUEST_RATES.perServiceMax,
		}),
		trustedProxies: values.TRUSTED_PROXIES ?? 0,
		channelJoinCreates: values.CHANNEL_JOIN_CREATES ?? true,
		logLevel: values.LOG_LEVEL ?? 'info',
		outside,
		warnings: Object.freeze(warningsOf(values, outside)),
	});
}

/** The settings of this process with others over them, for a process that it starts. */
export const settingsFor = (
	over: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> => ({ ...process.env, ...over });
