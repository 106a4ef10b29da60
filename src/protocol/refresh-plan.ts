import { z } from 'zod';
import { idSchema } from './ids.ts';
import { defineKind } from './kind.ts';

const nothing = z.object({});

/** Most targets that one step takes up. */
export const REFRESH_STEP_TARGETS_MAX = 2_000;
/** Most targets that are taken up and not settled yet. */
export const REFRESH_OPEN_MAX = 10_000;
/** The newest minutes that the board shows. */
export const REFRESH_MINUTES_MAX = 1_440;

const count = z.int().min(0);
const transactionIds = z.array(z.string().max(64)).max(REFRESH_OPEN_MAX);

/** Plan against actual of one minute (I20). */
export const refreshMinuteSchema = z.object({
	/** Its beginning. */
	at: z.int(),
	planned: count,
	/** Refreshes that went out, repeated ones too. */
	issued: count,
	recorded: count,
	failed: count,
});
export type RefreshMinute = z.infer<typeof refreshMinuteSchema>;

/** What has become of the week's targets so far. */
export const refreshTotalsSchema = z.object({
	/** Taken up; each user at most once a week (I23). */
	targets: count,
	recorded: count,
	/** Their consent was over when their turn came. */
	gone: count,
	/** Given up after several attempts, until next week. */
	failed: count,
	/** Taken up and not settled. */
	open: count,
});
export type RefreshTotals = z.infer<typeof refreshTotalsSchema>;

/** How the weekly refresh of one institution stands. */
export const refreshPlanInfoSchema = z.object({
	institution: idSchema,
	phase: z.enum(['resting', 'running']),
	paused: z.boolean(),
	/** Refreshes a second that operators allow at most; absent: what the contract allows. */
	perSecondMax: z.number().optional(),
	/** Number of the week, and when it began; 0 before the first. */
	week: z.int(),
	weekFrom: z.int(),
	/** About how many targets the week has; exact once `walked`. */
	expected: count,
	/** Everybody who consents was read. */
	walked: z.boolean(),
	/** Targets that last week had no time for. */
	missedLastWeek: count,
	/** When it goes on, while it rests. */
	nextAt: z.int().optional(),
	totals: refreshTotalsSchema,
});
export type RefreshPlanInfo = z.infer<typeof refreshPlanInfoSchema>;

/** Behind whom the reading of consents goes on: slot and user. */
export const refreshCursorSchema = z.tuple([z.int(), z.string()]);
export type RefreshCursor = z.infer<typeof refreshCursorSchema>;

/** One second of a run: what it takes up, and what has become of earlier targets. */
export const refreshStepSchema = z.object({
	worker: z.string().max(64),
	/** Counts the steps of a worker; the same number again is the same step again. */
	n: count,
	/** Users behind the cursor whose turn has come. */
	users: z.array(z.string().max(64)).max(REFRESH_STEP_TARGETS_MAX),
	/** Behind the last of them. */
	cursor: refreshCursorSchema.optional(),
	/** There is nobody behind the cursor. */
	walked: z.boolean(),
	expected: count,
	/** Transaction ids of settled targets. */
	recorded: transactionIds,
	gone: transactionIds,
	failed: transactionIds,
	/** A minute that is over. */
	minute: refreshMinuteSchema.optional(),
});
export type RefreshStep = z.infer<typeof refreshStepSchema>;

/** What operators may change while it runs. */
const orders = {
	paused: z.boolean(),
	perSecondMax: z.number().optional(),
};

/** What a worker goes on with. */
const begunSchema = z.object({
	...orders,
	cursor: refreshCursorSchema.optional(),
	walked: z.boolean(),
	/** Targets that a worker before took up and did not settle, with their transaction ids. */
	open: z.array(z.tuple([z.string(), z.string()])),
	/** Targets taken up so far. */
	targets: count,
	/** How many targets the week before had; 0: not known. */
	before: count,
});
export type RefreshBegun = z.infer<typeof begunSchema>;

const steppedSchema = z.object({
	...orders,
	/** The transaction id of the step's n-th user is `<batch>-<n>`, from 0. */
	batch: z.string().optional(),
});
export type RefreshStepped = z.infer<typeof steppedSchema>;

/**
 * The weekly refresh of one institution's users: `refresh-plan/<institution>`. One owner, and one
 * worker beside it; operators look on and may slow it, pause it and let it go on.
 */
export const refreshPlanContract = defineKind({
	kind: 'refresh-plan',
	style: 'stream',
	openArgs: nothing,
	view: refreshPlanInfoSchema,
	commands: {
		/** By nodes: creates the plan, or has it looked at again when it may go on earlier. */
		ensure: {
			args: z.object({ week: z.int(), nextAt: z.int() }),
			reply: nothing,
			creates: true,
			requests: 'none',
		},
		/** By the worker, which takes the place of an earlier one; begins a new week. */
		begin: {
			args: z.object({ worker: z.string().max(64), week: z.int(), weekFrom: z.int() }),
			reply: begunSchema,
			requests: 'none',
		},
		/** By the worker, once a second. `CONFLICT`: another worker has its place. */
		step: { args: refreshStepSchema, reply: steppedSchema, requests: 'none' },
		/** By operators: refreshes a second at most; absent: what the contract allows. */
		rate: {
			args: z.object({ perSecondMax: z.number().min(0.01).max(100_000).optional() }),
			reply: nothing,
		},
		pause: { args: nothing, reply: nothing },
		resume: { args: nothing, reply: nothing },
		/** Plan against actual of the newest minutes, oldest first. */
		board: {
			args: z.object({
				minutes: z.int().min(1).max(REFRESH_MINUTES_MAX).default(REFRESH_MINUTES_MAX),
			}),
			reply: z.object({ info: refreshPlanInfoSchema, minutes: z.array(refreshMinuteSchema) }),
			query: true,
		},
	},
	events: {
		/** Once a second while something happens. */
		progress: refreshTotalsSchema,
		minute: refreshMinuteSchema,
		/** A run began or ended, a week began, or operators changed something. */
		changed: nothing,
	},
	ephemerals: {},
});
