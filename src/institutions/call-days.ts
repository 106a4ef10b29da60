/** Daily figures of calls (I16): by institution and source, in a form that can be added up. */
import type { Collection, Doc, Reads, Row } from '../core/store.ts';
import type { CallClass, CallRow, InstitutionApi } from './ports.ts';

/**
 * One row a day, institution and source, which is one start of one node: key [day, institution,
 * source], doc {@link CallDay}. Days are local ones, named `2026-11-21`, by the time of the request.
 */
export const CALL_DAYS: Collection = {
	name: 'callDays',
	key: [
		{ name: 'day', type: 'text' },
		{ name: 'institution', type: 'text' },
		{ name: 'source', type: 'text' },
	],
	actor: { column: 'institution', kind: 'institution' },
	datedBy: 'at',
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const HOURS = 24;
const noHours = () => Array.from({ length: HOURS }, () => 0);
const PAGE_LENGTH = 500;

/** Of one api: counts by class, and its times by mean and sum of squared deviations (Welford). */
export interface ApiFigures {
	calls: number;
	classes: Partial<Record<CallClass, number>>;
	meanMs: number;
	squares: number;
	maxMs: number;
}

/** What one source has seen of one institution in one day. */
export interface CallDay {
	/** When the day begins, in milliseconds since 1970. */
	readonly at: number;
	readonly industry: string;
	/** Calls in each local hour. */
	readonly hours: number[];
	/** Those that users waited for; absent from days that were counted before it was. */
	readonly online?: number[];
	readonly apis: Partial<Record<InstitutionApi, ApiFigures>>;
}

/** Days as they are where time is so many minutes ahead of UTC. */
export class LocalDays {
	readonly #offsetMs: number;

	constructor(utcOffsetMinutes: number) {
		this.#offsetMs = utcOffsetMinutes * 60_000;
	}

	/** The day's name, `2026-11-21`. */
	nameOf(at: number): string {
		return new Date(at + this.#offsetMs).toISOString().slice(0, 10);
	}

	startOf(at: number): number {
		return Math.floor((at + this.#offsetMs) / DAY_MS) * DAY_MS - this.#offsetMs;
	}

	/** Hours since the day's start, with their fraction. */
	hourOf(at: number): number {
		return (at - this.startOf(at)) / HOUR_MS;
	}
}

export const newDay = (at: number, industry: string): CallDay => ({
	at,
	industry,
	hours: noHours(),
	online: noHours(),
	apis: {},
});

const noFigures = (): ApiFigures => ({ calls: 0, classes: {}, meanMs: 0, squares: 0, maxMs: 0 });

type CountedCall = Pick<CallRow, 'api' | 'lane' | 'class' | 'ms'>;

/** Adds a call; `hour`: of the local day. */
export function addCall(day: CallDay, call: CountedCall, hour: number) {
	day.hours[hour] = (day.hours[hour] ?? 0) + 1;
	if (call.lane === 'online' && day.online) day.online[hour] = (day.online[hour] ?? 0) + 1;
	day.apis[call.api] ??= noFigures();
	const figures = day.apis[call.api] as ApiFigures;
	figures.calls++;
	figures.classes[call.class] = (figures.classes[call.class] ?? 0) + 1;
	const delta = call.ms - figures.meanMs;
	figures.meanMs += delta / figures.calls;
	figures.squares += delta * (call.ms - figures.meanMs);
	figures.maxMs = Math.max(figures.maxMs, call.ms);
}

/** Both together; the result is exact, as if all calls had been added to one. */
export function mergedFigures(one: ApiFigures, other: ApiFigures): ApiFigures {
	const calls = one.calls + other.calls;
	if (calls === 0) return noFigures();
	const delta = other.meanMs - one.meanMs;
	const classes = { ...one.classes };
	for (const [name, count] of Object.entries(other.classes))
		classes[name as CallClass] = (classes[name as CallClass] ?? 0) + count;
	return {
		calls,
		classes,
		meanMs: one.meanMs + (delta * other.calls) / calls,
		squares: one.squares + other.squares + (delta * delta * one.calls * other.calls) / calls,
		maxMs: Math.max(one.maxMs, other.maxMs),
	};
}

export const deviationMs = ({ calls, squares }: ApiFigures) =>
	calls === 0 ? 0 : Math.sqrt(squares / calls);

/** A copy, so that what is added later does not change what is on its way to the store. */
export const dayDoc = (day: CallDay): Doc => structuredClone(day) as unknown as Doc;

/** What a stored day holds. */
export const dayOf = (doc: Doc): CallDay => structuredClone(doc) as unknown as CallDay;

/** One institution's day over all sources. */
export interface InstitutionDay {
	readonly institution: string;
	readonly industry: string;
	readonly hours: readonly number[];
	/** Absent when a part of the day was not counted so. */
	readonly online?: readonly number[];
	readonly apis: Readonly<Partial<Record<InstitutionApi, ApiFigures>>>;
}

/** Figures of a day, added up over sources: of all institutions, or of one. */
export async function readDay(
	reads: Pick<Reads, 'page'>,
	day: string,
	institution?: string,
): Promise<InstitutionDay[]> {
	const found = new Map<string, CallDay>();
	const prefix = institution === undefined ? [day] : [day, institution];
	let after: Row['key'] | undefined;
	for (;;) {
		const { rows, more } = await reads.page({
			collection: CALL_DAYS.name,
			prefix,
			limit: PAGE_LENGTH,
			...(after === undefined ? {} : { after }),
		});
		for (const { key, doc } of rows) addDay(found, String(key[1]), dayOf(doc));
		after = rows.at(-1)?.key.slice(prefix.length);
		if (!more || after === undefined) break;
	}
	return [...found].map(([id, { at: _, ...figures }]) => ({ institution: id, ...figures }));
}

const summed = (one: readonly number[], other: readonly number[]) =>
	one.map((calls, hour) => calls + (other[hour] ?? 0));

function addDay(found: Map<string, CallDay>, institution: string, day: CallDay): void {
	const sum = found.get(institution);
	if (sum === undefined) {
		found.set(institution, day);
		return;
	}
	for (const [name, figures] of Object.entries(day.apis)) {
		const api = name as InstitutionApi;
		sum.apis[api] = mergedFigures(sum.apis[api] ?? noFigures(), figures);
	}
	const { online: _, ...rest } = sum;
	const both = sum.online && day.online && { online: summed(sum.online, day.online) };
	found.set(institution, { ...rest, hours: summed(sum.hours, day.hours), ...both });
}
