/**
 * What version 1 of these kinds stored, in `fixtures/<kind>-v1.jsonl`: histories, each with its id, its
 * events in order, and the parts of its snapshot as they are packed. Never rewrite them: every later
 * version has to go on reading what is stored.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { institutionKind } from '../../actors/institution/institution-kind.ts';
import { refreshPlanKind } from '../../actors/refresh-plan/refresh-plan-kind.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { StoredEvent } from '../../src/core/journal.ts';
import { present } from '../../src/core/show.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';
import { actorKey } from '../../src/protocol/ids.ts';

type Line = { readonly id: string } | { readonly part: string } | Stored;
type Stored = StoredEvent & { readonly at: number };

interface History {
	readonly id: string;
	readonly events: Stored[];
	readonly parts: Uint8Array[];
}

const KINDS = [institutionKind, refreshPlanKind, ticketEventKind] as unknown as ActorKind[];

function historiesOf(kind: string): History[] {
	const file = new URL(`./fixtures/${kind}-v1.jsonl`, import.meta.url);
	const histories: History[] = [];
	for (const text of readFileSync(file, 'utf8').trim().split('\n')) {
		const line = JSON.parse(text) as Line;
		const last = histories.at(-1);
		if ('id' in line) histories.push({ id: line.id, events: [], parts: [] });
		else if ('part' in line) last?.parts.push(Buffer.from(line.part, 'base64'));
		else last?.events.push(line);
	}
	return histories;
}

/** The state behind all events, as a host replays them. */
function replayed(kind: ActorKind, { id, events }: History): unknown {
	let state = kind.initial(id);
	const key = actorKey(kind.contract.kind, id);
	for (const [index, stored] of events.entries()) {
		const meta = { key, id, position: index + 1, at: stored.at };
		state = kind.evolve(state, present(kind, stored), meta);
	}
	return state;
}

/** A state as it would be stored now. */
const stored = (kind: ActorKind, state: unknown) => [...kind.cut(state)].map((part) => pack(part));

describe.each(KINDS.map((kind) => [kind.contract.kind, kind] as const))(
	'what version 1 of %s stored',
	(name, kind) => {
		const histories = historiesOf(name);

		test('[P21] has every type of event', () => {
			const types = new Set(histories.flatMap(({ events }) => events.map(({ type }) => type)));
			// A new type gets a line in a file of its own version.
			expect([...types].toSorted()).toEqual(Object.keys(kind.eventVersions).toSorted());
		});

		test('[P21] [P13] is read for ever: events and snapshot lead to the same state', () => {
			expect(histories.length).toBeGreaterThan(1);
			for (const history of histories) {
				const parts = history.parts.map((part) => unpack(part));
				expect(parts.length).toBeGreaterThan(0);
				const restored = kind.restore(history.id, parts);
				expect(stored(kind, restored)).toEqual(stored(kind, replayed(kind, history)));
			}
		});

		test('[P21] of a version to come is refused, not guessed', () => {
			for (const [type, version] of Object.entries(kind.eventVersions)) {
				const later = { type, version: version + 1, data: {} };
				expect(() => present(kind, later)).toThrow(`${type} of version ${version + 1}`);
			}
		});
	},
);
