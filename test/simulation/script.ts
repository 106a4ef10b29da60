import { channelKind } from '../../actors/channel/channel-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';
import { type CounterState, counterKind } from '../support/counter-kind.ts';
import type { ActorTruth, Truth } from './truth.ts';

/** A command as a client of the simulation sends it. */
export interface Act {
	readonly name: string;
	readonly args: object;
	/** It takes effect at most once, under an id. */
	readonly hasId: boolean;
	/** When it is answered with success, the journal has it. */
	readonly writes: boolean;
}

/** What clients do with one kind of actor, and how what they see is checked. */
export interface Script {
	readonly kind: ActorKind;
	readonly keys: readonly ActorKey[];
	/** The first command of a client; the others are drawn. */
	readonly first?: Act;
	/** What every client writes at the end. */
	readonly last: Act;
	/** A look at the present state. */
	readonly read: Act;
	draw(random: (below: number) => number, now: number): Act;
	/** The figures that a view or an answer shows, as {@link ActorKind.figures} of the state would be. */
	figuresOf(view: unknown): object;
	/** What a client keeps of what it sees, brought on by one event. */
	fold(seen: Seen, event: WireEvent): void;
	/** What is wrong with an answer. */
	wrong(act: Act, reply: unknown, truth: ActorTruth): string | undefined;
	/** The newest position at which a reply was true; `undefined` when it does not tell. */
	latest(name: string, reply: unknown, truth: ActorTruth): number | undefined;
	/** What an actor should have done without being asked, and what it did too often. */
	workLeft(actor: ActorTruth, truth: Truth): readonly string[];
}

/** What a client keeps: small values by name. */
export type Seen = Map<string, unknown>;

const act = (name: string, args: object, more: Partial<Act> = {}): Act => ({
	name,
	args,
	hasId: true,
	writes: true,
	...more,
});
const READS = { hasId: false, writes: false };

type Draw = (random: (below: number) => number, now: number) => Act;

/** Draws from weighted choices. */
function oneOf(choices: readonly (readonly [number, Draw])[]): Draw {
	const all = choices.flatMap(([weight, draw]) => Array<Draw>(weight).fill(draw));
	return (random, now) => (all[random(all.length)] as Draw)(random, now);
}

const COUNTERS: readonly ActorKey[] = ['counter/a', 'counter/b'];

const drawCounter = oneOf([
	[10, (random) => act('add', { by: 1 + random(1_000) })],
	[2, () => act('total', {}, READS)],
	[2, (random) => act('look', { at: 1 + random(12) }, { hasId: true, writes: false })],
	[1, () => act('mark', { n: 0 }, { hasId: false, writes: false })],
	[2, (random, now) => act('remind', { at: Math.floor(now) + 500 + random(90_000) })],
	[1, (random) => act('callOut', { id: `call-${random(2 ** 40)}` })],
	[1, (random) => act('pass', { to: COUNTERS[random(2)], by: 1 + random(9) })],
	[1, () => act('throwInDecide', {}, { writes: false })],
	[1, () => act('throwInEvolve', {}, { writes: false })],
	[1, () => act('refuse', { code: 'CONFLICT' }, { writes: false })],
]);

/** What a look says of an addition must be what the journal says of it; none may be missing. */
function wrongLook(args: object, reply: unknown, truth: ActorTruth): string | undefined {
	const { at } = args as { at: number };
	const { by, additions } = reply as { by?: number; additions: number };
	const added = truth.told.flat().filter(({ event }) => event[0] === 'added')[at - 1];
	const wanted = (added?.event[1] as { by?: number } | undefined)?.by;
	// An owner that does not know yet that it is none may find rows that are ahead of its state.
	if (by === wanted || (by === undefined && at > additions)) return undefined;
	return `addition ${at} of ${additions} was ${by}, is ${wanted}`;
}

/** The position before the first event that `ends` it; the actor's own when none does. */
function positionBefore(truth: ActorTruth, ends: (event: WireEvent) => boolean): number {
	const at = truth.told.findIndex((told) => told.some(({ event }) => ends(event)));
	return at < 0 ? truth.position : at - 1;
}

/** How new the state is that a total or a number of additions shows. */
function latestCount(name: string, reply: unknown, truth: ActorTruth): number | undefined {
	if (name === 'total') return truth.figures.lastIndexOf(JSON.stringify(reply));
	if (name !== 'look') return undefined;
	let left = (reply as { additions: number }).additions;
	return positionBefore(truth, ([type]) => type === 'added' && left-- === 0);
}

/** Timers that did not fire, calls and tells without a result, results and tells that came twice. */
function counterWorkLeft(actor: ActorTruth, truth: Truth): readonly string[] {
	const { reminders, calls, tells } = actor.state as CounterState;
	const left = { reminders, calls, tells };
	const found = Object.entries(left).filter(([, { length }]) => length > 0);
	const wrong = found.map(([name, work]) => `${name} left: ${JSON.stringify(work)}`);
	const events = actor.told.flat().map(({ event }) => event);
	const results = events.filter(([type]) => type === 'done').map(([, data]) => (data as Done).id);
	if (new Set(results).size < results.length) wrong.push(`results came twice: ${results}`);
	for (const [index, [, data]] of events.filter(([type]) => type === 'passed').entries()) {
		const { to } = data as { to: ActorKey };
		const arrived = truth.of(to).requests.has(`${actor.key} tell-${index + 1}`);
		if (!arrived) wrong.push(`tell ${index + 1} did not arrive`);
	}
	return wrong;
}

interface Done {
	readonly id: string;
}

export const COUNTER_SCRIPT: Script = {
	kind: counterKind as unknown as ActorKind,
	keys: COUNTERS,
	last: act('add', { by: 1 }),
	read: act('total', {}, READS),
	draw: drawCounter,
	figuresOf: (view) => ({ total: (view as { total: number }).total }),
	fold: (seen, [type, data]) => {
		if (type === 'added') {
			seen.set('total', (seen.get('total') as number) + (data as { by: number }).by);
		}
	},
	wrong: ({ name, args }, reply, truth) => {
		if (name === 'look') return wrongLook(args, reply, truth);
		if (name !== 'total') return undefined;
		return truth.figures.includes(JSON.stringify(reply)) ? undefined : 'no such total ever was';
	},
	latest: latestCount,
	workLeft: counterWorkLeft,
};

const drawChannel = oneOf([
	[12, (random) => act('send', { text: `text ${random(1_000_000)}` })],
	[
		3,
		(random) =>
			act('edit', { seq: 1 + random(12), text: `edited ${random(1_000_000)}` }, { writes: false }),
	],
	[1, (random) => act('delete', { seq: 1 + random(12) }, { writes: false })],
	[
		2,
		(random) =>
			act('react', { seq: 1 + random(12), emoji: '+1', on: random(2) === 0 }, { writes: false }),
	],
	[2, (random) => act('read', { seq: random(20) }, { hasId: false, writes: false })],
	[2, () => act('history', { limit: 50 }, READS)],
	[1, () => act('members', { limit: 50 }, READS)],
]);

interface ChannelView {
	readonly kind: string;
	readonly memberCount: number;
	readonly lastSeq: number;
	readonly slowModeMs: number;
}

/** Messages of a page follow each other without a gap, with texts that were once theirs. */
function wrongPage(reply: unknown, truth: ActorTruth): string | undefined {
	const { messages } = reply as { messages: { seq: number; text: string }[] };
	const texts = new Set(
		truth.told.flat().map(({ event: [, data] }) => {
			const { seq, text = '' } = data as { seq?: number; text?: string };
			return `${seq} ${text}`;
		}),
	);
	for (const [index, { seq, text }] of messages.entries()) {
		if (seq !== (messages[0]?.seq ?? 0) + index) return `a gap before message ${seq}`;
		if (!texts.has(`${seq} ${text}`)) return `message ${seq} never said ${text}`;
	}
	return undefined;
}

/** How new the state is that a page of the last messages shows. */
function latestPage(name: string, reply: unknown, truth: ActorTruth): number | undefined {
	if (name !== 'history') return undefined;
	const last = (reply as { messages: { seq: number }[] }).messages.at(-1)?.seq ?? 0;
	const isBehind = ([type, data]: WireEvent) =>
		type === 'message' && (data as { seq: number }).seq > last;
	return positionBefore(truth, isBehind);
}

export const CHANNEL_SCRIPT: Script = {
	kind: channelKind as unknown as ActorKind,
	keys: ['channel/general'],
	first: act('join', {}, { writes: false }),
	last: act('send', { text: 'goodbye' }),
	read: act('history', { limit: 50 }, READS),
	draw: drawChannel,
	figuresOf: (view) => {
		const { kind, memberCount: members, lastSeq, slowModeMs } = view as ChannelView;
		return { kind, members, lastSeq, slowModeMs };
	},
	fold: (seen, [type, data]) => {
		const { seq, memberCount } = data as { seq?: number; memberCount?: number };
		if (type === 'message') seen.set('lastSeq', seq);
		if (type === 'joined' || type === 'left') seen.set('members', memberCount);
	},
	wrong: ({ name }, reply, truth) => (name === 'history' ? wrongPage(reply, truth) : undefined),
	latest: latestPage,
	workLeft: () => [],
};
