import { z } from 'zod';
import { idSchema } from './ids.ts';
import { defineKind } from './kind.ts';

const nothing = z.object({});

export const INDUSTRIES = [
	'bank',
	'card',
	'securities',
	'insurance',
	'e-money',
	'telecom',
	'capital',
] as const;
export const industrySchema = z.enum(INDUSTRIES);
export type Industry = z.infer<typeof industrySchema>;

export const circuitSchema = z.enum([
	'closed',
	'open',
	'recovering',
	'forced-open',
	'forced-closed',
]);
export type Circuit = z.infer<typeof circuitSchema>;
export const healthSchema = z.enum(['HEALTHY', 'CAUTION', 'CRITICAL']);

/** What the actor of an institution goes by; from the settings of its nodes. */
export const institutionRulesSchema = z.object({
	name: z.string().min(1).max(100),
	industry: industrySchema,
	/** What the contract allows a second, over all nodes together. */
	ratePerSecond: z.number().min(0.1).max(100_000),
	/** How many ways there are to it: 2 where it has a secondary one. */
	routes: z.int().min(1).max(2),
	breaker: z.object({
		/** Share of failed and slow calls in a minute, over the cluster, that opens the circuit. */
		failureRate: z.number().gt(0).max(1),
		/** With fewer calls nothing is judged. */
		callsMin: z.int().min(1),
		/** How long the canaries' calls have to be good. */
		goodMs: z.int().min(1),
		/** How long each step of the return lasts. */
		stepMs: z.int().min(1),
		/** When users are told to come back while nothing better is known. */
		expectedMs: z.int().min(1),
	}),
});
export type InstitutionRules = Readonly<z.infer<typeof institutionRulesSchema>>;

/** An institution as everybody may see it (I12, I15). */
export const institutionInfoSchema = z.object({
	id: idSchema,
	name: z.string(),
	industry: industrySchema,
	circuit: circuitSchema,
	health: healthSchema,
	prevStatus: healthSchema.optional(),
	/** Share of the calls that goes through while recovering, in percent. */
	percent: z.int(),
	/** When it is expected back, while it is under maintenance. */
	expectedAt: z.int().optional(),
	since: z.int(),
	/** Of the last full minute, over the whole cluster. */
	calls: z.int(),
	failureRate: z.number(),
});
export type InstitutionInfo = z.infer<typeof institutionInfoSchema>;

/** Most assets of one user at one institution: what has more is refused, `TOO_LARGE`. */
export const ASSETS_MAX = 1_000;

/** Amounts in minor units (I4). */
export const assetSchema = z.object({
	id: z.string().min(1).max(64),
	type: z.enum(['account', 'card', 'holding', 'policy', 'balance', 'plan', 'loan']),
	name: z.string().max(200),
	amount: z.int(),
	currency: z.string().regex(/^[A-Z]{3}$/),
	asOf: z.int(),
});
export type Asset = z.infer<typeof assetSchema>;

/** What is kept of one user at one institution: an older version never replaces a newer one. */
export const assetSnapshotSchema = z.object({
	institution: idSchema,
	version: z.int(),
	asOf: z.int(),
	assets: z.array(assetSchema),
});
export type AssetSnapshot = z.infer<typeof assetSnapshotSchema>;

export const snapshotVersionSchema = z.object({ institution: idSchema, version: z.int() });

/** In the middle of a snapshot: the next asset that is not told yet. */
export const assetPartSchema = z.object({ version: z.int(), from: z.int().min(0) });
export type AssetPart = z.infer<typeof assetPartSchema>;

/** Where a page of snapshots ended: behind all of an institution's assets, or in the middle. */
export const assetPlaceSchema = z.object({
	institution: idSchema,
	part: assetPartSchema.optional(),
});
export type AssetPlace = z.infer<typeof assetPlaceSchema>;

export const consentSchema = z.object({
	scopes: z.array(z.enum(['assets'])).min(1),
	expiresAt: z.int(),
});

/** A consent that stands: its institution may be called until it ends. */
export const standingConsentSchema = consentSchema.extend({
	institution: idSchema,
	given: z.int(),
});
export type StandingConsent = z.infer<typeof standingConsentSchema>;

export const STEPS = ['authorise', 'token', 'list', 'details'] as const;
/** Where a registration stands at one institution (I2). */
export const jobStepSchema = z.object({
	institution: idSchema,
	step: z.enum(STEPS),
	state: z.enum(['waiting', 'running', 'done', 'failed']),
	/** Details: so many of so many assets. */
	done: z.int(),
	total: z.int(),
	/** Why it waits or failed, as an error code. */
	code: z.string().optional(),
	/** When it is tried again, where it waits for the institution or a limit. */
	retryAt: z.int().optional(),
	at: z.int(),
});
export type JobStep = z.infer<typeof jobStepSchema>;

export const assetJobSchema = z.object({
	id: z.string(),
	state: z.enum(['running', 'done', 'partial', 'failed', 'cancelled']),
	startedAt: z.int(),
	endedAt: z.int().optional(),
	/** One for each institution: its present step. */
	steps: z.array(jobStepSchema),
});
export type AssetJob = z.infer<typeof assetJobSchema>;

export const MODES = ['auto', 'forced-open', 'forced-closed'] as const;

const nodeName = z.string();
const count = z.int();
/** By the actor's own time, in milliseconds since it was made; -1: never. */
const actorTime = z.number();

/** All that is known of an institution, for operators. */
export const institutionBoardSchema = z.object({
	info: institutionInfoSchema,
	rules: institutionRulesSchema,
	/** What operators have ordered. */
	mode: z.enum(MODES),
	/** How the circuit stands without an order. */
	auto: z.enum(['closed', 'open', 'recovering']),
	time: actorTime,
	gate: z.object({
		/** Counts the transitions: only calls of the present one are judged. */
		generation: count,
		version: count,
		circuit: circuitSchema,
		percent: z.number(),
		/** Nodes that try while it is open, once in `probeMs` each. */
		canaries: z.array(nodeName),
		badNodes: z.array(nodeName),
		/** 0: the first way to it, 1: the secondary one. */
		route: count,
		probeMs: z.number(),
		permits: count,
		perSecond: z.number().optional(),
		expectedInMs: z.number().optional(),
	}),
	/** Processes that have reported, oldest nodes first. */
	nodes: z.array(z.object({ node: nodeName, incarnation: z.string(), agoMs: z.number() })),
	/** Calls by node and minute: whether it is the institution or one node. */
	matrix: z.array(z.object({ node: nodeName, minute: count, calls: count, bad: count })),
	/** What each canary's calls have shown since it is one. */
	canaries: z.array(
		z.object({
			node: nodeName,
			sinceTime: actorTime,
			/** Good ones since the last bad one, and when they began. */
			good: count,
			/** Bad ones since the good ones began. */
			bad: count,
			goodTime: actorTime,
			badTime: actorTime,
		}),
	),
	/** Nodes whose calls fail while those of others do not. */
	badNodes: z.array(nodeName),
	permits: z.object({
		/** So many calls in any `intervalMs`, over all nodes. */
		count,
		intervalMs: z.number(),
		ratePerSecond: z.number(),
		/** The part of the rate that is used since the institution was last asked too often. */
		rateFactor: z.number(),
		holders: z.array(
			z.object({
				node: nodeName,
				want: z.number(),
				share: z.number(),
				/** What it may be using at most. */
				bound: z.number(),
			}),
		),
	}),
	/** The last turns of the circuit and orders of operators, newest first. */
	turns: z.array(
		z.object({
			position: count,
			at: z.int(),
			reason: z.string(),
			circuit: circuitSchema,
			generation: count,
			health: healthSchema,
			/** The operator who ordered it. */
			by: z.string().optional(),
			/** The node that it was about. */
			node: nodeName.optional(),
		}),
	),
});
export type InstitutionBoard = z.infer<typeof institutionBoardSchema>;

/**
 * The actor of one institution: `institution/<id>`, coordinator of its circuit and its permits for the
 * whole cluster. Everybody may look at its health; nodes (role `system`) report and get permits.
 */
export const institutionContract = defineKind({
	kind: 'institution',
	style: 'stream',
	openArgs: nothing,
	/** `gate`: how nodes are to let calls through, with the form of the event `circuit`. */
	view: institutionInfoSchema.extend({ gate: z.unknown().optional() }),
	commands: {
		/** By nodes; creates the actor, and updates what the settings say of it. */
		ensure: {
			args: z.object({ settings: institutionRulesSchema }),
			reply: nothing,
			creates: true,
			requests: 'none',
			by: 'nodes',
		},
		/** By nodes: cumulative totals (I10). The form is the actor's own. */
		report: { args: z.unknown(), reply: z.unknown(), requests: 'none', gatherMs: 500, by: 'nodes' },
		/** By nodes: asks for, renews and gives back permits (I22). */
		permits: {
			args: z.unknown(),
			reply: z.unknown(),
			requests: 'none',
			gatherMs: 100,
			by: 'nodes',
		},
		/** By operators (I15). */
		circuit: { args: z.object({ mode: z.enum(MODES) }), reply: institutionInfoSchema },
		route: { args: z.object({ route: z.int().min(0).max(1) }), reply: nothing },
		rate: { args: z.object({ perSecond: z.number().min(0.1).max(100_000) }), reply: nothing },
		/** For the board of operators: all that is known, node by node. */
		board: { args: nothing, reply: institutionBoardSchema, query: true },
	},
	events: {
		/** On every transition, when it is expected later, and when the figures of a minute are there. */
		health: institutionInfoSchema,
		/** To nodes alone: how the circuit stands, by generation. */
		circuit: z.unknown(),
	},
	ephemerals: {},
});

/** Own assets and their registration: a service of the gateway, `assets/me`. Reads call nobody. */
export const assetsContract = defineKind({
	kind: 'assets',
	style: 'service',
	openArgs: nothing,
	view: nothing,
	commands: {
		institutions: {
			args: nothing,
			reply: z.object({ institutions: z.array(institutionInfoSchema) }),
			query: true,
		},
		/**
		 * In parts of 256 KB, by institution. What a snapshot has no room for comes with the next part,
		 * under the same version; under another one the institution begins anew.
		 */
		list: {
			args: z.object({ after: assetPlaceSchema.optional() }),
			reply: z.object({
				snapshots: z.array(assetSnapshotSchema),
				next: assetPlaceSchema.optional(),
			}),
			query: true,
		},
		/** One of them, in the same parts. */
		get: {
			args: assetPlaceSchema,
			reply: z.object({
				snapshot: assetSnapshotSchema.optional(),
				next: assetPartSchema.optional(),
			}),
			query: true,
		},
		/** Answers at once; joins the running job of the same institutions (I1, I3). */
		register: {
			args: z.object({
				institutions: z.array(idSchema).min(1).max(50),
				consent: consentSchema,
			}),
			reply: assetJobSchema,
		},
		jobs: { args: nothing, reply: z.object({ jobs: z.array(assetJobSchema) }), query: true },
		/** Those that stand, also where nothing was fetched yet; ended ones are not among them (I7). */
		consents: {
			args: nothing,
			reply: z.object({ consents: z.array(standingConsentSchema) }),
			query: true,
		},
		/** Ends the consent: nothing is called any more, the assets are deleted (I7). */
		withdraw: { args: z.object({ institution: idSchema }), reply: nothing },
	},
	events: {},
	ephemerals: {
		/** A step of a running job. */
		step: z.object({ jobId: z.string(), step: jobStepSchema }),
		job: assetJobSchema,
		/** There is a newer one. */
		snapshot: assetSnapshotSchema,
		/** The same, where it is too large to be told: it has to be read. */
		newer: snapshotVersionSchema,
		/** The consent was withdrawn, and what stood on it is deleted. */
		gone: z.object({ institution: idSchema }),
	},
});
