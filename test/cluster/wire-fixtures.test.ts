/**
 * What nodes of version 1 say to each other, byte by byte, in `fixtures/wire-v1.json`. Never rewrite it:
 * while nodes are exchanged one by one, later versions hear it and are heard by those that speak it.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ActorServer } from '../../src/cluster/actor-server.ts';
import { bare, type PacketKind, readPacket } from '../../src/cluster/link-packet.ts';
import { packBeat, unpackBeat } from '../../src/cluster/node-beat.ts';
import { readNodeRecord, writeNodeRecord } from '../../src/cluster/node-record.ts';
import type { Links } from '../../src/cluster/ports.ts';
import {
	type PresenceMessage,
	packPresence,
	unpackPresence,
} from '../../src/cluster/presence-message.ts';
import { RemoteActors } from '../../src/cluster/remote-actors.ts';
import { packRows, type RowMessage, unpackRows } from '../../src/cluster/row-message.ts';
import { Switchboard } from '../../src/cluster/switchboard.ts';
import type { ActorPort, Publication, Subscriber } from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';

const FIXTURES = JSON.parse(
	readFileSync(new URL('./fixtures/wire-v1.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, string>>;

const stored = (name: string) => Buffer.from(FIXTURES[name] ?? '', 'hex');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const NODE = {
	id: '7',
	url: 'http://10.0.0.7:2567',
	pid: 42,
	environment: 'test',
	startedAt: 1e12,
};
const LOAD = { sockets: 10, actors: 20, loopDelayMs: 1.5, overloaded: false };

describe('links', () => {
	const KINDS: readonly PacketKind[] = ['hello', 'beat', 'data', 'ask', 'bye'];

	test.each(KINDS)('[P21] [N18] a packet: %s', (kind) => {
		const head = { kind, from: NODE.id, mine: 3, theirs: 4, ack: 5, seq: 6 };
		expect(readPacket(stored(`packet ${kind}`))).toEqual({ ...head, body: Buffer.alloc(0) });
		expect(hex(bare(head))).toBe(FIXTURES[`packet ${kind}`]);
	});
});

describe('membership', () => {
	const beat = { node: NODE, state: 'draining' as const, load: LOAD, directoryAway: true };

	test('[P21] [N18] a beat, of before nodes spoke of their stores too', () => {
		expect(unpackBeat(stored('beat without stores'))).toEqual({ version: 1, ...beat });
		const told = { ...beat, stores: [{ answeredMs: 12, isAway: false }] };
		expect(unpackBeat(stored('beat'))).toEqual({ version: 1, ...told });
		expect(hex(packBeat(told))).toBe(FIXTURES.beat);
	});

	test('[P21] a node in the directory, of before there was a version too', () => {
		const text = stored('record').toString();
		expect(readNodeRecord(text)).toEqual(NODE);
		expect(writeNodeRecord(NODE)).toBe(text);
		expect(readNodeRecord(stored('record without version').toString())).toEqual(NODE);
		const later = JSON.stringify({ version: 2, ...NODE });
		for (const bad of [later, 'no JSON', '[]', '{"id":1}']) {
			expect(readNodeRecord(bad)).toBeUndefined();
		}
	});
});

describe('people', () => {
	const head = { node: NODE.id, generation: 1e12, seq: 9 };
	const said = {
		changes: [
			{
				userId: 'ann',
				entry: {
					devices: [['phone', true]] as [string, boolean][],
					said: { n: 2, by: 'phone', away: true },
					lastActiveAt: 1e12,
				},
			},
			{ userId: 'bob', ending: 'logout' as const, lastActiveAt: 1e12 },
		],
		logouts: [{ userId: 'bob', deviceId: 'desk', agoMs: 30 }],
	};
	const MESSAGES: readonly PresenceMessage[] = [
		{ ...head, type: 'beat' },
		{ ...head, type: 'ask' },
		{ ...head, type: 'delta', ...said },
		{ ...head, type: 'part', snapshot: 4, index: 0, isLast: true, ...said },
	];

	test.each(MESSAGES)('[P21] presence: $type', (message) => {
		const read = unpackPresence(stored(`presence ${message.type}`));
		expect(read).toEqual({ version: 1, ...message });
		expect(hex(packPresence(message))).toBe(FIXTURES[`presence ${message.type}`]);
	});

	const ROWS: readonly RowMessage[] = [
		{ type: 'channel', changed: 3, doc: { id: 'lobby', lastSeq: 3 } as never },
		{ type: 'rows', rows: [['put', 'members', 'lobby', 3]] },
		{ type: 'missed' },
	];

	test.each(ROWS)('[P21] rows: $type', (message) => {
		expect(unpackRows(stored(`rows ${message.type}`))).toMatchObject({ node: '7', ...message });
		expect(hex(packRows(NODE.id, message))).toBe(FIXTURES[`rows ${message.type}`]);
	});
});

/** Links that keep what is sent, and bring what a test hands them. */
class Wire implements Links {
	readonly sent: Uint8Array[] = [];
	#listener: ((from: string, message: Uint8Array) => void) | undefined;

	send = (_to: string, message: Uint8Array) => void this.sent.push(message.slice());
	onMessage(listener: (from: string, message: Uint8Array) => void) {
		this.#listener = listener;
		return () => {};
	}
	bring(message: Uint8Array): void {
		this.#listener?.(NODE.id, message);
	}
	onDown = () => () => {};
	fail(): void {
		throw new Error('a message could not be taken');
	}
	close(): void {}
}

const KEY = 'channel/lobby';
const CALLER = { userId: 'ann', roles: ['user'], name: 'Ann' };
const RESUME = [5, 'writer'] as const;
const REQUEST = {
	caller: CALLER,
	name: 'send',
	args: { text: 'hi' },
	requestId: 'r1',
	resend: true,
	sender: { opening: 'o1', n: 2, first: 1 },
	trace: '0af7651916cd43dd8448eb211c80319c',
	bytes: 120,
};
const PUBLICATION: Publication = {
	position: 6,
	writer: 'writer',
	told: [{ position: 6, event: ['left', { userId: 'cyd' }], audience: 'all', revoked: ['cyd'] }],
};
const deaf: Subscriber = { committed: () => {}, ephemeral: () => {}, closed: () => {} };

/** Each call of an edge to an owner, in order. */
function callAll(to: ReturnType<RemoteActors['at']>, subscriber: Subscriber = deaf): void {
	to.open(KEY, { caller: CALLER, args: { last: 50 }, subscriber }, () => {});
	to.reopen(KEY, { callers: [CALLER], resume: RESUME as never, subscriber }, () => {});
	to.command(KEY, REQUEST as never, () => {});
	to.ephemeral(KEY, CALLER, ['typing', {}]);
	to.closeOpening(KEY, 'o1');
	to.unsubscribe(KEY, subscriber);
}
const CALLS = ['open', 'reopen', 'command', 'whisper', 'closeOpening', 'unsubscribe'];
const ANSWERS = ['answer', 'told', 'murmur', 'closed'];

describe('calls to actors of other nodes', () => {
	test('[P21] [N18] are sent as ever', () => {
		const wire = new Wire();
		callAll(new RemoteActors(new Switchboard(wire, SILENT)).at('1'));
		expect(wire.sent.map(hex)).toEqual(CALLS.map((name) => FIXTURES[`call ${name}`]));
	});

	/** An owner that says what it was asked, answers, and tells; what it sends back is on the wire. */
	function served() {
		const wire = new Wire();
		const asked: unknown[] = [];
		const actors: Omit<ActorPort, 'peek'> = {
			open(key, { subscriber, ...request }, answer) {
				asked.push(['open', key, request]);
				answer({ ok: true, how: 'reset', position: 6, writer: 'writer', view: { id: 'lobby' } });
				subscriber?.committed(PUBLICATION);
				subscriber?.ephemeral(['typing', { userId: 'bob' }], 'all');
				subscriber?.closed();
			},
			reopen: (key, { subscriber: _, ...request }) => asked.push(['reopen', key, request]),
			command: (key, request) => asked.push(['command', key, request]),
			ephemeral: (key, caller, event) => asked.push(['whisper', key, caller, event]),
			closeOpening: (key, opening) => asked.push(['closeOpening', key, opening]),
			unsubscribe: (key) => asked.push(['unsubscribe', key]),
		};
		new ActorServer(actors, new Switchboard(wire, SILENT));
		return { wire, asked };
	}

	test('[P21] [N18] are understood as ever', () => {
		const { wire, asked } = served();
		for (const name of CALLS) wire.bring(stored(`call ${name}`));
		expect(asked).toEqual([
			['open', KEY, { caller: CALLER, args: { last: 50 }, resume: undefined }],
			['reopen', KEY, { callers: [CALLER], resume: RESUME }],
			['command', KEY, REQUEST],
			['whisper', KEY, CALLER, ['typing', {}]],
			['closeOpening', KEY, 'o1'],
			['unsubscribe', KEY],
		]);
	});

	test('[P21] [N18] are answered as ever', () => {
		const { wire } = served();
		wire.bring(stored('call open'));
		expect(wire.sent.map(hex)).toEqual(ANSWERS.map((name) => FIXTURES[`call ${name}`]));
	});

	test('[P21] [N18] whose answers are understood as ever', () => {
		const wire = new Wire();
		const heard: unknown[] = [];
		const subscriber: Subscriber = {
			committed: (publication) => heard.push(['told', publication]),
			ephemeral: (event, audience) => heard.push(['murmur', event, audience]),
			closed: () => heard.push(['closed']),
		};
		const owner = new RemoteActors(new Switchboard(wire, SILENT)).at(NODE.id);
		const request = { caller: CALLER, args: {}, subscriber };
		owner.open(KEY, request, (answer) => heard.push(['answer', answer]));
		for (const name of ANSWERS) wire.bring(stored(`call ${name}`));
		expect(heard).toEqual([
			['answer', { ok: true, how: 'reset', position: 6, writer: 'writer', view: { id: 'lobby' } }],
			['told', PUBLICATION],
			['murmur', ['typing', { userId: 'bob' }], 'all'],
			['closed'],
		]);
	});
});
