import { describe, expect, test } from 'vitest';
import { LINK_MESSAGE_BYTES_MAX } from '../../src/cluster/link-inbox.ts';
import { readPacket } from '../../src/cluster/link-packet.ts';
import { RELAY_MESSAGE_BYTES_MAX } from '../../src/cluster/relay.ts';
import { LinkWorld, type LinkWorldOptions, text } from './support/link-world.ts';

const MEGABYTE = 1024 * 1024;

function openWorld(options: LinkWorldOptions = {}) {
	const world = new LinkWorld(options);
	const [a, b] = [world.node('1'), world.node('2')];
	/** Relay messages since the last look, as `from:kind`. */
	const passed: string[] = [];
	let isLost: (from: string) => boolean = () => false;
	world.bus.faults = ({ from, bytes }) => {
		passed.push(`${from}:${readPacket(bytes)?.kind}`);
		return isLost(from) ? [] : [0];
	};
	const lose = (which: (from: string) => boolean) => {
		isLost = which;
	};
	const say = (words: string) => a.links.send('2', text(words));
	/** Both know each other's epochs, and one message has passed. */
	const connect = () => {
		say('first');
		world.runtime.turn();
		passed.length = 0;
	};
	return { ...world, world, a, b, passed, lose, say, connect, runtime: world.runtime };
}

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);

describe('a session', () => {
	test('opens with the first message, and brings all in order both ways', () => {
		const { a, b, runtime, say } = openWorld();
		for (const words of numbered(50)) say(words);
		runtime.turn();
		expect(b.texts('1')).toEqual(numbered(50));
		b.links.send('1', text('back'));
		runtime.turn();
		expect(a.texts('2')).toEqual(['back']);
		expect(a.links.linkFigures()).toMatchObject({ sessions: 1, downs: 0, resends: 0 });
	});

	test('messages of one turn travel as one relay message', () => {
		const { runtime, say, connect, passed, b } = openWorld();
		connect();
		for (const words of numbered(500)) say(words);
		runtime.turn();
		expect(passed).toEqual(['1:data']);
		expect(b.texts('1')).toEqual(['first', ...numbered(500)]);
	});

	test('beats twice a second, and nothing goes where nobody talked', () => {
		const { world, runtime, connect, passed } = openWorld();
		world.node('3');
		runtime.advance(10_000);
		expect(passed).toEqual([]);
		expect(runtime.timersWaiting).toBe(0);
		connect();
		runtime.advance(10_000);
		expect(passed.filter((each) => each === '1:beat')).toHaveLength(20);
		expect(passed.filter((each) => each === '2:beat')).toHaveLength(20);
	});

	test('acknowledged messages are not kept', () => {
		const { a, runtime, connect } = openWorld();
		connect();
		a.links.send('2', new Uint8Array(100_000));
		runtime.turn();
		expect(a.links.linkFigures().bytesWaiting).toBeGreaterThan(100_000);
		runtime.advance(500);
		expect(a.links.linkFigures().bytesWaiting).toBe(0);
	});

	test('a listener that throws costs no message', () => {
		const { b, world, runtime, say } = openWorld();
		b.links.onMessage(() => {
			throw new Error('a bug');
		});
		for (const words of numbered(3)) say(words);
		runtime.turn();
		expect(b.texts('1')).toEqual(numbered(3));
		expect(world.errors).toHaveLength(3);
	});
});

describe('long messages', () => {
	const patterned = (length: number, seed: number) =>
		new Uint8Array(length).map((_, at) => (at * 31 + seed + (at >> 11)) & 255);

	test.each([
		0,
		1,
		RELAY_MESSAGE_BYTES_MAX - 41,
		RELAY_MESSAGE_BYTES_MAX - 40,
		LINK_MESSAGE_BYTES_MAX,
	])('%d bytes pass whole between others', (length) => {
		const { a, b, runtime, world } = openWorld();
		const sizes: number[] = [];
		world.bus.faults = ({ bytes }) => {
			sizes.push(bytes.length);
			return [0];
		};
		const messages = [text('before'), patterned(length, 5), patterned(300_000, 9), text('behind')];
		for (const message of messages) a.links.send('2', message);
		runtime.turn();
		const seen = b.seen('1');
		expect(seen).toHaveLength(4);
		for (const [index, message] of messages.entries()) {
			expect(Buffer.compare(Buffer.from(seen[index] ?? []), message)).toBe(0);
		}
		expect(Math.max(...sizes)).toBeLessThanOrEqual(RELAY_MESSAGE_BYTES_MAX);
	});

	test('a longer one is a bug of the caller, and a node has no link to itself', () => {
		const { a } = openWorld();
		const tooLong = new Uint8Array(LINK_MESSAGE_BYTES_MAX + 1);
		expect(() => a.links.send('2', tooLong)).toThrow('too much for one link message');
		expect(() => a.links.send('1', text('me'))).toThrow('no link to itself');
	});

	test('8 megabytes are on their way unacknowledged, not more', () => {
		const { a, b, runtime, connect, world } = openWorld();
		connect();
		for (let n = 0; n < 24; n++) a.links.send('2', new Uint8Array(MEGABYTE));
		let sent = 0;
		world.bus.faults = ({ from, bytes }) => {
			sent += from === '1' ? bytes.length : 0;
			return from === '1' ? [0] : [];
		};
		runtime.turn();
		expect(sent).toBeGreaterThan(8 * MEGABYTE);
		expect(sent).toBeLessThan(9 * MEGABYTE);
		world.bus.faults = undefined;
		runtime.advance(1_000);
		expect(b.seen('1')).toHaveLength(25);
	});
});

describe('what the relay loses', () => {
	test('a lost message in the middle is asked for at once, and only that', () => {
		const { a, b, runtime, say, connect, lose, passed } = openWorld();
		connect();
		lose(() => true);
		say('1');
		runtime.turn();
		lose(() => false);
		say('2');
		runtime.turn();
		expect(b.texts('1')).toEqual(['first', '1', '2']);
		expect(passed).toEqual(['1:data', '1:data', '2:ask', '1:data']);
		expect(a.links.linkFigures()).toMatchObject({ resends: 1, downs: 0 });
	});

	test('two holes are filled in the same turn, each asked for once', () => {
		const { b, runtime, say, connect, lose, passed } = openWorld();
		connect();
		for (const words of numbered(8)) {
			lose((from) => from === '1' && words !== 'n3' && words !== 'n7');
			say(words);
			// Questions wait until the last.
			b.held.hold();
			runtime.turn();
		}
		b.held.goOn();
		runtime.turn();
		expect(b.texts('1')).toEqual(['first', ...numbered(8)]);
		expect(passed.filter((each) => each === '2:ask')).toHaveLength(2);
		expect(passed.filter((each) => each === '1:data')).toHaveLength(8 + 6);
	});

	test('a lost last message is found by the next heartbeat', () => {
		const { b, runtime, say, connect, lose } = openWorld();
		connect();
		lose(() => true);
		say('last');
		runtime.turn();
		lose(() => false);
		runtime.advance(500);
		expect(b.texts('1')).toEqual(['first', 'last']);
	});

	test('[P22] a short cut of a node’s own relay heals without a word', () => {
		const { a, b, runtime, say, connect } = openWorld();
		connect();
		a.relay.setConnected(false);
		say('1');
		runtime.advance(1_000);
		b.links.send('1', text('2'));
		runtime.advance(1_000);
		a.relay.setConnected(true);
		runtime.turn();
		expect(b.texts('1')).toEqual(['first', '1']);
		runtime.advance(500);
		expect(a.texts('2')).toEqual(['2']);
	});

	test('questions that nobody answers end the session', () => {
		const { a, b, runtime, say, connect, world } = openWorld();
		connect();
		world.bus.faults = ({ bytes }) => (readPacket(bytes)?.kind === 'data' ? [] : [0]);
		say('never');
		runtime.advance(2_500);
		expect(b.texts('1')).toEqual(['first']);
		runtime.advance(3_000);
		expect(b.texts('1')).toEqual(['first', 'down']);
		expect(a.texts('2')).toEqual(['down']);
	});
});

describe('the end of a session', () => {
	test('silence of 3 s is the end on both sides, and the next session brings nothing of it', () => {
		const { a, b, runtime, say, connect, lose } = openWorld();
		connect();
		lose(() => true);
		say('lost');
		b.links.send('1', text('lost'));
		runtime.advance(2_900);
		expect([a.seen('2'), b.texts('1')]).toEqual([[], ['first']]);
		runtime.advance(1_100);
		say('second');
		lose(() => false);
		runtime.advance(1_000);
		expect(a.texts('2')).toEqual(['down']);
		expect(b.texts('1')).toEqual(['first', 'down', 'second']);
	});

	test('a peer that never answers is down after 3 s, each time somebody tries', () => {
		const { a, runtime, say, lose } = openWorld();
		lose(() => true);
		say('1');
		runtime.advance(4_000);
		expect(a.texts('2')).toEqual(['down']);
		expect(a.links.linkFigures()).toMatchObject({ bytesWaiting: 0, sessions: 0 });
		runtime.advance(60_000);
		say('2');
		runtime.advance(4_000);
		expect(a.texts('2')).toEqual(['down', 'down']);
		expect(runtime.timersWaiting).toBe(0);
	});

	test('the next session begins within the turn, with one message there and back', () => {
		const { b, runtime, say, connect, lose, passed } = openWorld();
		connect();
		lose(() => true);
		runtime.advance(10_000);
		lose(() => false);
		passed.length = 0;
		say('second');
		runtime.turn();
		expect(b.texts('1')).toEqual(['first', 'down', 'second']);
		const firstData = passed.indexOf('1:data');
		expect(passed.slice(0, firstData)).toContain('2:beat');
	});

	test('an id that is used again, by a node whose clock is behind, is understood', () => {
		const { a, b, world, runtime, connect } = openWorld();
		connect();
		a.links.close();
		runtime.jump(-3_600_000);
		const again = world.node('1');
		again.links.send('2', text('again'));
		runtime.turn();
		b.links.send('1', text('back'));
		runtime.turn();
		expect(b.texts('1')).toEqual(['first', 'down', 'again']);
		expect(again.texts('2')).toEqual(['back']);
	});

	test('who ends it alone is believed by the other', () => {
		const { a, b, runtime, connect, lose } = openWorld();
		connect();
		// Only node 1 is deaf.
		lose((from) => from === '2');
		runtime.advance(3_600);
		expect(a.texts('2')).toEqual(['down']);
		expect(b.texts('1')).toEqual(['first', 'down']);
		lose(() => false);
		b.links.send('1', text('again'));
		runtime.advance(500);
		expect(a.texts('2')).toEqual(['down', 'again']);
	});

	test.each(['timer', 'message'] as const)(
		'a node held up for 10 s sees down, %s first',
		(first) => {
			const { a, b, runtime, say, connect } = openWorld();
			connect();
			a.held.hold();
			b.links.send('1', text('old'));
			runtime.advance(10_000);
			b.links.send('1', text('new'));
			runtime.advance(100);
			a.held.goOn(first);
			say('back');
			runtime.advance(1_000);
			const seen = a.texts('2');
			expect(seen.filter((each) => each === 'down')).toHaveLength(1);
			expect(seen.indexOf('new')).toBeGreaterThan(seen.indexOf('down'));
			expect(seen.lastIndexOf('old')).toBeLessThan(seen.indexOf('down'));
			expect(b.texts('1')).toEqual(['first', 'down', 'back']);
		},
	);

	test('what waits beyond its bound ends the session, but never inside send', () => {
		const { a, b, runtime, connect, lose } = openWorld({ bytesWaitingMax: MEGABYTE });
		connect();
		lose(() => true);
		for (let n = 0; n < 30; n++) a.links.send('2', new Uint8Array(100_000));
		expect(a.seen('2')).toEqual([]);
		expect(a.links.linkFigures().bytesWaiting).toBeLessThanOrEqual(MEGABYTE);
		lose(() => false);
		runtime.turn();
		expect([a.texts('2'), b.texts('1')]).toEqual([['down'], ['first', 'down']]);
	});

	test('an end that the peer was not told of is known with the next hello, and answered at once', () => {
		const { a, b, runtime, say, connect, lose } = openWorld({ bytesWaitingMax: MEGABYTE });
		connect();
		lose(() => true);
		a.links.send('2', new Uint8Array(MEGABYTE));
		runtime.turn();
		expect(a.texts('2')).toEqual(['down']);
		lose(() => false);
		say('second');
		runtime.turn();
		expect(b.texts('1')).toEqual(['first', 'down', 'second']);
	});

	test('small messages are bounded too', () => {
		const { a, runtime, lose } = openWorld({ bytesWaitingMax: MEGABYTE });
		lose(() => true);
		for (let n = 0; n < 20_000; n++) a.links.send('2', Uint8Array.of(1));
		runtime.turn();
		expect(a.texts('2')).toEqual(['down']);
	});

	test('a node that closes tells its peers, who are down at once and stay so', () => {
		const { a, b, runtime, say, connect, passed } = openWorld();
		connect();
		say('last');
		a.links.close();
		runtime.turn();
		expect(b.texts('1')).toEqual(['first', 'last', 'down']);
		expect(a.seen('2')).toEqual([]);
		passed.length = 0;
		runtime.advance(10_000);
		expect([b.texts('1').length, passed, runtime.timersWaiting]).toEqual([3, [], 0]);
	});

	test('a forgotten node is down; if it lives, it learns so and begins anew', () => {
		const { a, b, runtime, connect } = openWorld();
		connect();
		a.links.forget('2');
		a.links.forget('3');
		a.links.forget('2');
		expect(a.texts('2')).toEqual(['down']);
		b.links.send('1', text('lost'));
		runtime.turn();
		expect(b.texts('1')).toEqual(['first', 'down']);
		b.links.send('1', text('anew'));
		runtime.turn();
		expect(a.texts('2')).toEqual(['down', 'anew']);
	});

	test('forgetting a node whose session has ended already is silent', () => {
		const { a, runtime, connect, lose } = openWorld();
		connect();
		lose(() => true);
		runtime.advance(10_000);
		a.links.forget('2');
		expect(a.texts('2')).toEqual(['down']);
	});

	test('what a listener sends when it hears down belongs to the next session', () => {
		const { a, b, runtime, connect, lose } = openWorld();
		connect();
		for (const [node, peer] of [[a, '2'] as const, [b, '1'] as const]) {
			node.links.onDown(() => node.links.send(peer, text('reopen')));
		}
		lose(() => true);
		runtime.advance(3_100);
		lose(() => false);
		runtime.advance(4_000);
		expect(a.texts('2')).toEqual(['down', 'reopen']);
		expect(b.texts('1')).toEqual(['first', 'down', 'reopen']);
	});

	test('a listener that forgets the peer in the middle of a packet hears no more of it', () => {
		const { b, runtime, say } = openWorld();
		b.links.onMessage(() => b.links.forget('1'));
		for (const words of ['1', '2', '3']) say(words);
		runtime.turn();
		expect(b.texts('1')).toEqual(['1', 'down']);
	});
});
