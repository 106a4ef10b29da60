import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeatFanout } from '../../src/cluster/seat-fanout.ts';

const KEYS = ['table/a', 'table/b'] as const;
const SEATS = 5;

const step = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ does: fc.constant('say' as const), times: fc.nat(2) }) },
	{ weight: 3, arbitrary: fc.record({ does: fc.constant('sayTo' as const), seat: fc.nat(SEATS) }) },
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('sit' as const), seat: fc.nat(SEATS) }) },
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('open' as const), seat: fc.nat(SEATS) }) },
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('leave' as const), seat: fc.nat(SEATS) }) },
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('turn' as const) }) },
);

/** Both ends of the fan-out, and what each seat should have heard. */
class Model {
	readonly heard = new Map<number, string[]>();
	readonly due = new Map<number, string[]>();
	messages = 0;
	readonly #groups = new Map<number, Set<number>>();
	readonly #rooms = new Map<number, { key: (typeof KEYS)[number]; isOpen: boolean }>();
	#deferred: (() => void)[] = [];
	readonly #fanout = new SeatFanout({
		some: (seats, bytes) => this.#hear(seats, bytes),
		all: (group, bytes) => this.#hear(this.#groups.get(group) ?? [], bytes),
		runtime: { defer: (run) => void this.#deferred.push(run) },
	});

	/** The same text twice is the same object, as when a room broadcasts what it has kept. */
	say(texts: readonly string[], to: (seat: number) => boolean): void {
		const kept = new Map(texts.map((text) => [text, Buffer.from(text)]));
		for (const text of texts) {
			const bytes = kept.get(text) ?? Buffer.of();
			for (const [number, { key }] of this.#rooms) {
				if (!to(number)) continue;
				this.#fanout.give({ number, key }, bytes);
				this.due.get(number)?.push(text);
			}
		}
	}

	sit(number: number): void {
		if (this.#rooms.has(number)) return;
		this.#rooms.set(number, { key: KEYS[number % 2] ?? 'table/a', isOpen: false });
		this.due.set(number, []);
		this.heard.set(number, []);
	}

	open(number: number): void {
		const room = this.#rooms.get(number);
		if (room === undefined || room.isOpen) return;
		room.isOpen = true;
		const group = this.#fanout.enter({ number, key: room.key });
		this.#groups.set(group, (this.#groups.get(group) ?? new Set()).add(number));
	}

	leave(number: number): void {
		const room = this.#rooms.get(number);
		if (room === undefined) return;
		this.#fanout.leave({ number, key: room.key });
		this.#rooms.delete(number);
		for (const group of this.#groups.values()) group.delete(number);
	}

	turn(): void {
		for (const run of this.#deferred.splice(0)) run();
	}

	#hear(seats: Iterable<number>, bytes: Uint8Array): void {
		this.messages++;
		for (const seat of seats) this.heard.get(seat)?.push(Buffer.from(bytes).toString());
	}
}

const saying = (at: number, times: number) => Array.from({ length: times + 1 }, () => `${at}`);

test('[P6] each seat hears what its room said to it, once and in order, whoever comes and goes', () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
			const model = new Model();
			for (const [at, each] of steps.entries()) {
				if (each.does === 'turn') model.turn();
				else if (each.does === 'say') model.say(saying(at, each.times), () => true);
				else if (each.does === 'sayTo') model.say([`${at}`], (seat) => seat === each.seat);
				else model[each.does](each.seat);
			}
			model.turn();
			expect(model.heard).toEqual(model.due);
		}),
		{ numRuns: 300 },
	);
});

test('[P6] a message to a thousand seats of an edge goes once', () => {
	const model = new Model();
	for (let seat = 0; seat < 2_000; seat += 2) {
		model.sit(seat);
		model.open(seat);
	}
	model.say(['1', '2'], () => true);
	model.turn();
	expect(model.messages).toBe(2);
	expect(model.heard.get(1_998)).toEqual(['1', '2']);
});
