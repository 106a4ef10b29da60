/**
 * The institutions that Naru talks to, from one file. Secrets are never in it, only the names of the
 * environment variables that hold them.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { idSchema } from '../protocol/ids.ts';
import { industrySchema } from '../protocol/institution.ts';
import { onlineTrafficSchema } from './leveller/online-traffic.ts';
import type { CallClass } from './ports.ts';

/** Settings of institutions that cannot be served; the message is one line with what to do. */
export class InstitutionSettingsError extends Error {
	override readonly name = 'InstitutionSettingsError';
}

const DEFAULT_FILE = new URL('./institutions.json', import.meta.url);
/** In a base URL: where the simulator is. */
const SIMULATOR = '{simulator}';

const callClassSchema = z.enum(['ok', 'slow', 'failed', 'throttled', 'denied', 'business']);
/** Ways a call can end: a status (`404`), a hundred of them (`4xx`), or none at all. */
const OUTCOME = /^([1-5]\d\d|[1-5]xx|connect|timeout|unreadable)$/;

/** The class of each outcome where an institution's settings name no other (I11). */
const CLASSES: Readonly<Record<string, CallClass>> = {
	'2xx': 'ok',
	'3xx': 'failed',
	'401': 'denied',
	'403': 'denied',
	'408': 'failed',
	'429': 'throttled',
	'4xx': 'business',
	'5xx': 'failed',
	connect: 'failed',
	timeout: 'failed',
	unreadable: 'failed',
};

const environmentName = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'set the name of a variable');
const milliseconds = (max: number) => z.int().min(1).max(max);
const hour = z.int().min(0).max(24);

const laneSchema = z.strictObject({
	inFlightMax: z.int().min(1).max(10_000),
	waitingMax: z.int().min(0).max(100_000),
});

const baseUrl = z
	.string()
	.refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'set an http(s) URL')
	.transform((text) => text.replace(/\/+$/, ''));

/** What may differ between institutions, and stands under `defaults` for all. */
const shared = {
	timeouts: z.strictObject({
		connectMs: milliseconds(60_000),
		/** For the whole call, its body included. */
		totalMs: milliseconds(120_000),
		/** A call that takes longer counts as slow, though it succeeds. */
		slowMs: milliseconds(120_000),
	}),
	/** Calls under way at once, and that wait for it, of one node. */
	lanes: z.strictObject({ online: laneSchema, batch: laneSchema }),
	/**
	 * Calls of one user (I6): so much a second in the long run, so much at once. Over all nodes: a user's
	 * calls go out where the user's actor lives. That node counts them in memory; where the actor moves to
	 * they are counted anew.
	 */
	perUser: z.strictObject({
		perSecondMax: z.number().min(0.01).max(1_000),
		burstMax: z.int().min(1).max(10_000),
	}),
	/** What the contract allows, over all nodes together. */
	ratePerSecond: z.number().min(0.1).max(100_000),
	/** Local hours in which batch calls may go, `to` not included; 22 to 4 goes over midnight. */
	batchHours: z.strictObject({ from: hour, to: hour }),
	/**
	 * When weeks of the refresh begin, in minutes behind Monday 00:00 local time. A later one, set while it
	 * runs, ends the present week early or begins the next one late.
	 */
	weekBeginsMinutes: z.int().min(0).max(10_079).default(0),
	/** What is expected of users while too few days were measured. */
	traffic: onlineTrafficSchema.prefault({}),
	breaker: z.strictObject({
		/** Share of failed and slow calls in a minute, over the cluster, that opens the circuit. */
		failureRate: z.number().gt(0).max(1),
		/** With fewer calls in a minute nothing is judged. */
		callsMin: z.int().min(1).max(1_000_000),
		/** How long the canaries' calls have to be good. */
		goodMs: milliseconds(3_600_000),
		/** How long each step of the return lasts. */
		stepMs: milliseconds(3_600_000),
		/** When users are told to come back while nothing better is known. */
		expectedMs: milliseconds(86_400_000),
	}),
	/**
	 * Where names in its base URLs may lead: `public` addresses only, as by default over https, or `any`, as
	 * over leased lines. An address that stands there itself is meant.
	 */
	addresses: z.enum(['public', 'any']).optional(),
	bodyBytesMax: z.int().min(1_024).max(16_000_000),
	/** Classes of outcomes; what is not named is as by default. */
	classes: z.record(
		z.string().regex(OUTCOME, 'name a status, 4xx, connect, timeout or unreadable'),
		callClassSchema,
	),
};

const institutionSchema = z.strictObject({
	id: idSchema,
	name: z.string().min(1).max(100),
	industry: industrySchema,
	/** The first route, and a secondary one where there is one. */
	baseUrls: z.array(baseUrl).min(1).max(2),
	...shared,
	credentials: z.strictObject({
		clientId: z.string().min(1).max(200),
		/** The environment variable with the client's secret; absent: it has none. */
		clientSecretEnv: environmentName.optional(),
		/** The environment variable with certificates (PEM) to trust instead of the public ones. */
		certificatesEnv: environmentName.optional(),
	}),
});

/** All that is known of an institution beforehand; no secrets. */
export type InstitutionSettings = Readonly<z.infer<typeof institutionSchema>>;

const sparse = z.object({}).loose();
const fileSchema = z.strictObject({
	/** Minutes that local time is ahead of UTC: days of statistics and batch hours go by it. */
	utcOffsetMinutes: z.int().min(-720).max(840),
	defaults: sparse,
	institutions: z.array(sparse).max(1_000),
});

/** The institutions of this process. */
export interface Institutions {
	readonly all: readonly InstitutionSettings[];
	readonly utcOffsetMinutes: number;
	get(id: string): InstitutionSettings | undefined;
	/** The client's secret and trusted certificates of an institution; never to be kept or logged. */
	secretsOf(id: string): InstitutionSecrets;
	/** What an outcome counts as at the institution: a status, `connect`, `timeout` or `unreadable`. */
	classOf(settings: Pick<InstitutionSettings, 'classes'>, outcome: string): CallClass;
}

export interface InstitutionSecrets {
	/** Empty: there is none. */
	readonly clientSecret: string;
	readonly certificates?: string | undefined;
}

export interface InstitutionSources {
	/** A settings file; absent: the institutions of the simulator. */
	readonly file?: string | URL | undefined;
	/** Replaces `{simulator}` in base URLs; absent: institutions with such a URL are left out. */
	readonly simulatorUrl?: string | undefined;
	/** Where the secrets are that the file names. */
	readonly env: Readonly<Record<string, string | undefined>>;
}

type Sparse = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Sparse =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` laid over `under`, field by field. */
function merged(under: unknown, over: unknown): unknown {
	if (!isPlain(under) || !isPlain(over)) return over === undefined ? under : over;
	const names = new Set([...Object.keys(under), ...Object.keys(over)]);
	return Object.fromEntries([...names].map((name) => [name, merged(under[name], over[name])]));
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
	const read = schema.safeParse(value);
	if (read.success) return read.data;
	const [issue] = read.error.issues;
	const path = issue?.path.join('.') ?? '';
	throw new InstitutionSettingsError(`${what}${path && ` ${path}`}: ${issue?.message}`);
}

function readJson(file: string | URL): unknown {
	try {
		return JSON.parse(readFileSync(file, 'utf8'));
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new InstitutionSettingsError(`the file of institutions cannot be read: ${why}`);
	}
}

/** With the simulator's address in its URLs; `undefined` when it needs one and there is none. */
function placed(institution: Sparse, simulatorUrl: string | undefined): Sparse | undefined {
	const urls = institution.baseUrls;
	if (!Array.isArray(urls)) return institution;
	const simulated = urls.some((url) => typeof url === 'string' && url.includes(SIMULATOR));
	if (!simulated) return institution;
	if (simulatorUrl === undefined) return undefined;
	const origin = simulatorUrl.replace(/\/+$/, '');
	const baseUrls = urls.map((url) =>
		typeof url === 'string' ? url.replace(SIMULATOR, origin) : url,
	);
	return { ...institution, baseUrls };
}

function check(all: readonly InstitutionSettings[]): void {
	const ids = new Set<string>();
	for (const { id, timeouts, batchHours } of all) {
		if (ids.has(id)) throw new InstitutionSettingsError(`institution ${id} is there twice`);
		ids.add(id);
		if (timeouts.slowMs > timeouts.totalMs)
			throw new InstitutionSettingsError(`institution ${id}: slowMs is beyond totalMs`);
		if (batchHours.from === batchHours.to)
			throw new InstitutionSettingsError(`institution ${id}: batchHours are empty`);
	}
}

/** Every secret that is named has to be there: found at the start rather than at the first call. */
function readSecrets(
	{ id, credentials }: InstitutionSettings,
	env: InstitutionSources['env'],
): InstitutionSecrets {
	const read = (name: string | undefined) => {
		if (name === undefined) return undefined;
		const value = env[name]?.trim();
		if (value) return value;
		throw new InstitutionSettingsError(`institution ${id}: set ${name} in the environment`);
	};
	const { clientSecretEnv, certificatesEnv } = credentials;
	return {
		clientSecret: read(clientSecretEnv) ?? '',
		certificates: read(certificatesEnv),
	};
}

/** Reads and checks all institutions, or throws an {@link InstitutionSettingsError}. */
export function readInstitutions({
	file = DEFAULT_FILE,
	simulatorUrl,
	env,
}: InstitutionSources): Institutions {
	const { utcOffsetMinutes, defaults, institutions } = parsed(
		fileSchema,
		readJson(file),
		'institutions',
	);
	const all = institutions
		.map((one) => placed(one, simulatorUrl))
		.filter((one) => one !== undefined)
		.map((one, n) => {
			const what = `institution ${typeof one.id === 'string' ? one.id : n + 1}`;
			return Object.freeze(parsed(institutionSchema, merged(defaults, one), what));
		});
	check(all);
	const byId = new Map(all.map((one) => [one.id, one]));
	const secrets = new Map(all.map((one) => [one.id, readSecrets(one, env)]));
	return {
		all,
		utcOffsetMinutes,
		get: (id) => byId.get(id),
		classOf,
		secretsOf: (id) => {
			const found = secrets.get(id);
			if (found === undefined) throw new Error(`there is no institution ${id}`);
			return found;
		},
	};
}

/** What an outcome counts as at this institution (I11). */
export function classOf(
	{ classes }: Pick<InstitutionSettings, 'classes'>,
	outcome: string,
): CallClass {
	const hundred = `${outcome[0]}xx`;
	return classes[outcome] ?? CLASSES[outcome] ?? classes[hundred] ?? CLASSES[hundred] ?? 'failed';
}
