/**
 * What every relay promises between nodes that it connects, whatever carries the messages. Only the
 * port is used. An adapter's test calls `relayContract` with a factory that opens relays of one bus.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RELAY_MESSAGE_BYTES_MAX, type Relay } from '../../src/cluster/relay.ts';

export interface RelayBus {
	/** Subjects below it are this test's alone. */
	readonly prefix: string;
	/** A relay of one node more. */
	open(): Promise<Relay>;
	/** Resolves when subscriptions made before reach what is published after. */
	settle(): Promise<void>;
	/** Takes the connection of that node away, so that nothing leaves or comes in; or gives it back. */
	setConnected(relay: Relay, connected: boolean): Promise<void>;
	close(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Runs the suite; `openBus` is called for each test. */
export function relayContract(name: string, openBus: () => Promise<RelayBus>): void {
	describe(`relay: ${name}`, () => {
		let bus: RelayBus;
		let one: Relay;
		let two: Relay;
		beforeEach(async () => {
			bus = await openBus();
			one = await bus.open();
			two = await bus.open();
		});
		afterEach(() => bus.close());

		const subject = (rest: string) => `${bus.prefix}.${rest}`;
		/** What a relay hears on a subject from now on. */
		const ear = (relay: Relay, rest: string) => {
			const heard: string[] = [];
			const end = relay.subscribe(subject(rest), (bytes) => heard.push(read(bytes)));
			return { heard, end };
		};
		const say = (relay: Relay, rest: string, words: string) =>
			relay.publish(subject(rest), text(words));

		test('all who listen hear each message once, in order, the sender too', async () => {
			const ears = [ear(one, 'all'), ear(two, 'all'), ear(two, 'all')];
			await bus.settle();
			const sent = Array.from({ length: 100 }, (_, n) => `n${n}`);
			for (const words of sent) say(one, 'all', words);
			await bus.settle();
			for (const { heard } of ears) expect(heard).toEqual(sent);
		});

		test('nobody hears what was sent on another subject', async () => {
			const { heard } = ear(two, 'a.b');
			await bus.settle();
			for (const other of ['a', 'a.b.c', 'a.c', 'A.b']) say(one, other, other);
			say(one, 'a.b', 'mine');
			await bus.settle();
			expect(heard).toEqual(['mine']);
		});

		test('an ended subscription hears nothing; another on the same subject goes on', async () => {
			const [first, second] = [ear(two, 'x'), ear(two, 'x')];
			await bus.settle();
			first.end();
			first.end();
			say(one, 'x', '1');
			await bus.settle();
			second.end();
			say(one, 'x', '2');
			await bus.settle();
			const third = ear(two, 'x');
			await bus.settle();
			say(one, 'x', '3');
			await bus.settle();
			expect([first.heard, second.heard, third.heard]).toEqual([[], ['1'], ['3']]);
		});

		test('the bytes are not kept at the sender, and are the listener’s own', async () => {
			const heard: Uint8Array[] = [];
			for (const relay of [one, two, two]) {
				relay.subscribe(subject('own'), (bytes) => {
					heard.push(Uint8Array.from(bytes));
					bytes.fill(0);
				});
			}
			await bus.settle();
			const bytes = text('abc');
			one.publish(subject('own'), bytes);
			bytes.fill(1);
			await bus.settle();
			expect(heard.map(read)).toEqual(['abc', 'abc', 'abc']);
			expect(heard[0]?.constructor).toBe(Uint8Array);
		});

		test('the longest message passes whole; a longer one and a wrong subject throw', async () => {
			const heard: Uint8Array[] = [];
			two.subscribe(subject('long'), (bytes) => heard.push(bytes));
			await bus.settle();
			const longest = new Uint8Array(RELAY_MESSAGE_BYTES_MAX).map((_, at) => (at * 7) & 255);
			one.publish(subject('long'), longest);
			one.publish(subject('long'), new Uint8Array(0));
			const tooLong = new Uint8Array(RELAY_MESSAGE_BYTES_MAX + 1);
			expect(() => one.publish(subject('long'), tooLong)).toThrow('cut it into parts');
			await bus.settle();
			expect(heard.map(({ length }) => length)).toEqual([RELAY_MESSAGE_BYTES_MAX, 0]);
			expect(Buffer.compare(heard[0] ?? text(''), longest)).toBe(0);
			for (const wrong of ['', '.', 'a.', 'a b', 'a.*', '>', 'a\r\nPUB b 0']) {
				expect(() => one.publish(wrong, longest), wrong).toThrow('a relay subject');
				expect(() => one.subscribe(wrong, () => {}), wrong).toThrow('a relay subject');
			}
		});

		test('a listener that throws harms no other, nor what comes later', async () => {
			two.subscribe(subject('bug'), () => {
				throw new Error('a bug');
			});
			const { heard } = ear(two, 'bug');
			await bus.settle();
			say(one, 'bug', '1');
			say(one, 'bug', '2');
			await bus.settle();
			expect(heard).toEqual(['1', '2']);
		});

		test('[P22] a node without its connection says so, loses messages, and is back by itself', async () => {
			const told: boolean[] = [];
			const end = two.onStatus((connected) => told.push(connected));
			two.onStatus((connected) => told.push(connected))();
			const before = ear(two, 'cut');
			await bus.settle();
			expect(two.connected).toBe(true);
			await bus.setConnected(two, false);
			expect([two.connected, told]).toEqual([false, [false]]);
			const during = ear(two, 'cut');
			const gone = ear(two, 'gone');
			gone.end();
			say(one, 'cut', 'lost on the way in');
			say(two, 'cut', 'lost on the way out');
			await bus.setConnected(two, true);
			expect([two.connected, told]).toEqual([true, [false, true]]);
			end();
			await bus.settle();
			say(one, 'cut', 'in');
			say(two, 'cut', 'out');
			say(one, 'gone', 'not heard');
			await bus.settle();
			await bus.settle();
			expect(before.heard.toSorted()).toEqual(['in', 'out']);
			expect(during.heard).toEqual(before.heard);
			expect(gone.heard).toEqual([]);
		});

		test('closing sends what waits, and then nothing is heard or sent any more', async () => {
			const [mine, others] = [ear(one, 'end'), ear(two, 'end')];
			await bus.settle();
			say(one, 'end', 'last');
			await one.close();
			expect(one.connected).toBe(false);
			say(one, 'end', 'too late');
			say(two, 'end', 'from two');
			await bus.settle();
			expect(others.heard).toEqual(['last', 'from two']);
			expect(mine.heard).not.toContain('from two');
			await one.close();
		});

		test('nothing waits once all was taken', async () => {
			const chunk = new Uint8Array(RELAY_MESSAGE_BYTES_MAX);
			for (let n = 0; n < 8; n++) one.publish(subject('nobody'), chunk);
			await bus.settle();
			expect(one.bytesQueued).toBe(0);
		});
	});
}
