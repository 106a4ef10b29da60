import type { ActorHost } from '../core/actor-host.ts';
import type { ActorKind } from '../core/actor-kind.ts';
import type { CommitRecord } from '../core/journal.ts';
import type { Recovered } from '../core/recovery.ts';
import { SortedMap } from '../core/sorted-map.ts';
import { type ActorKey, splitKey } from '../protocol/ids.ts';
import {
	type ActorLine,
	type ActorPicture,
	type EventLine,
	OPS_EVENTS_MAX,
} from '../protocol/ops.ts';
import { type FieldNatures, fieldNatures } from './field-natures.ts';
import { maskedPicture } from './masked-picture.ts';
import type { NodeAnswers, NodeParts } from './node-answers.ts';
import { pseudonym } from './pseudonym.ts';

/** How long an actor is waited for that commits or loads, before it is shown without its state. */
const LOOK_MAX_MS = 2_000;
const EVENTS_BYTES_MAX = 1024 * 1024;

type Parts = Pick<NodeParts, 'actors' | 'claim' | 'journal' | 'line' | 'log' | 'runtime'>;
type Live = NonNullable<ActorPicture['live']>;

interface Seen {
	readonly position: number;
	readonly writer: string;
	readonly live: Live;
}

const NOWHERE = { ok: false, code: 'NOT_FOUND', message: 'there is no such actor' } as const;

/** Answers about the actors of this node; keeps their keys in order from now on. */
export function actorAnswers(parts: Parts): Pick<NodeAnswers, 'actors' | 'actor' | 'sleep'> {
	const { actors } = parts;
	const awake = new SortedMap<true>();
	for (const key of actors.hosts.keys()) awake.set(key, true);
	actors.observe({
		activated: (key) => awake.set(key, true),
		closed: (key) => void awake.delete(key),
	});
	const pictures = new Pictures();
	return {
		actors: ({ prefix, after, limit }) => {
			const { entries, more } = awake.page({ prefix, after, limit });
			const hosts = entries.flatMap(([key]) => actors.hosts.get(key as ActorKey) ?? []);
			const last = entries.at(-1)?.[0];
			return {
				ok: true,
				reply: {
					actors: hosts.map(actorLine),
					...(more && last !== undefined ? { next: last } : {}),
					total: awake.size,
				},
			};
		},
		actor: async ({ key: name, wakes = false }) => {
			const key = name as ActorKey;
			if (wakes && !actors.hosts.has(key)) await wake(parts, key);
			const picture = await pictureOf(parts, key, pictures);
			return picture === undefined ? NOWHERE : { ok: true, reply: picture };
		},
		sleep: async ({ key: name }) => {
			const key = name as ActorKey;
			if (!actors.hosts.has(key)) return { ...NOWHERE, message: 'it is not awake' };
			await actors.release(key);
			return { ok: true, reply: {} };
		},
	};
}

/** An actor that is not awake yet is loaded, where it has a journal. */
async function wake({ actors, claim, journal }: Parts, key: ActorKey): Promise<void> {
	if ((await journal.head(key)) === undefined) return;
	await claim?.(key);
	await actors.inspect(key, () => {});
}

async function pictureOf(
	parts: Parts,
	key: ActorKey,
	pictures: Pictures,
): Promise<ActorPicture | undefined> {
	const host = parts.actors.hosts.get(key);
	const seen =
		host === undefined || host.exists === false ? undefined : await see(parts, host, pictures);
	const head = seen ?? (await parts.journal.head(key));
	if (head === undefined) return undefined;
	const { position, writer } = head;
	const events = await eventsOf(parts, key, position);
	return {
		key,
		...(seen === undefined ? {} : { node: parts.line().id, live: seen.live }),
		isAwake: seen !== undefined,
		position,
		writer,
		...(events === undefined ? {} : { events }),
	};
}

/** What can be seen of a host: with the state between two commits, or without when that takes long. */
async function see(parts: Parts, host: ActorHost, pictures: Pictures): Promise<Seen> {
	const { actors, runtime, line } = parts;
	const outside = (): Seen => {
		const { key: _, position, ...figures } = actorLine(host);
		const edges = [...host.subscribers].map(({ edge = line().id }) => edge).sort();
		return { position, writer: host.writer, live: { ...figures, edges } };
	};
	const looking = actors.inspect(host.key, (_, actor): Seen => {
		const { position, writer, commit, snapshotCommit } = actor;
		const state = pictures.of(host.kind, actor, host.key);
		return { position, writer, live: { ...outside().live, commit, snapshotCommit, state } };
	});
	let cancel = () => {};
	const late = new Promise<undefined>((resolve) => {
		cancel = runtime.after(LOOK_MAX_MS, () => resolve(undefined));
	});
	const seen = await Promise.race([looking, late]);
	cancel();
	return seen ?? outside();
}

function actorLine(host: ActorHost): ActorLine {
	return {
		key: host.key,
		phase: host.phase,
		position: host.position,
		epoch: host.epoch,
		waiting: host.mailboxLength,
		edges: host.subscribers.size,
		idleMs: Math.round(host.door.idleMs),
		figures: host.figures(),
	};
}

async function eventsOf(
	{ journal, log }: Parts,
	key: ActorKey,
	position: number,
): Promise<EventLine[] | undefined> {
	const from = { position: Math.max(0, position - OPS_EVENTS_MAX) };
	try {
		const { records } = await journal.read(key, from, { bytesMax: EVENTS_BYTES_MAX });
		return records.flatMap(linesOf).slice(-OPS_EVENTS_MAX);
	} catch (error) {
		log.warn({ err: error, actor: key }, 'the last events could not be read for an operator');
		return undefined;
	}
}

function linesOf({ at, commit, events, position }: CommitRecord): EventLine[] {
	return events.map(({ type, version, by }, index) => ({
		position: position - events.length + 1 + index,
		type,
		version,
		at,
		...(by === undefined ? {} : { by: pseudonym(by) }),
		commit,
	}));
}

/** Masks states; what the contracts say is worked out once. */
class Pictures {
	readonly #natures = new Map<string, FieldNatures>();

	of(kind: ActorKind, actor: Recovered, key: string): unknown {
		const names = new Set(Object.keys(Object(kind.initial(splitKey(key).id))));
		return maskedPicture(actor.state, this.#naturesOf(kind), names);
	}

	#naturesOf({ contract }: ActorKind): FieldNatures {
		const known = this.#natures.get(contract.kind);
		if (known !== undefined) return known;
		const natures = fieldNatures(contract);
		this.#natures.set(contract.kind, natures);
		return natures;
	}
}
