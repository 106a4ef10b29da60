import { describe, expect, test } from 'vitest';
import type { Room } from '../../client-sdk/src/room.ts';
import { type Seat, TicketSeatMap } from '../../client-sdk/src/ticket-seat-map.ts';

/** A room as far as the map uses one. */
class FakeRoom {
	sessionId: string | undefined;
	readonly opened: unknown[] = [];
	closings = 0;
	refusal: string | undefined;
	readonly #listeners = new Map<string, ((value: unknown) => void)[]>();

	async open(args: unknown): Promise<void> {
		this.opened.push(args);
		if (this.refusal !== undefined) throw Object.assign(new Error(), { code: this.refusal });
		this.sessionId = 'seat';
	}

	on(type: string, listener: (value: unknown) => void): () => void {
		const all = this.#listeners.get(type) ?? [];
		this.#listeners.set(type, [...all, listener]);
		return () => this.#listeners.delete(type);
	}

	emit(type: string, value: unknown): void {
		for (const listener of this.#listeners.get(type) ?? []) listener(value);
	}

	close(): void {
		this.closings++;
		this.sessionId = undefined;
	}
}

function bench() {
	const room = new FakeRoom();
	const told: (readonly Seat[])[] = [];
	const timers: (() => void)[] = [];
	const environment = {
		setTimeout: (run: () => void) => timers.push(run),
		clearTimeout: () => {},
		random: () => 0,
	};
	const map = new TicketSeatMap(room as unknown as Room, environment, (all) => told.push(all));
	return { room, told, timers, map };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** a1, a2, b1 in one piece, b2 and c1 in the next: behind the common end, digits for what an id shares. */
const STATE = {
	ids: [' Aa1 B2 Ab1', ' Ab2 Ac1'],
	grades: [
		{ name: 'A', price: 30 },
		{ name: 'B', price: 20 },
	],
	runs: [0, 2, 1, 2, 0, 1],
	words: [0],
};

describe('[T7] the seat map of the SDK', () => {
	test('puts ids, grades and states together, in the order of the event', () => {
		const { map, room } = bench();
		map.join('proof');
		// a2 held, b1 sold.
		room.emit('state', { ...STATE, words: [0b10_01_00] });
		expect(map.seats).toEqual([
			{ id: 'a1', grade: 'A', price: 30, state: 'free' },
			{ id: 'a2', grade: 'A', price: 30, state: 'held' },
			{ id: 'b1', grade: 'B', price: 20, state: 'sold' },
			{ id: 'b2', grade: 'B', price: 20, state: 'free' },
			{ id: 'c1', grade: 'A', price: 30, state: 'free' },
		]);
	});

	test('tells a change with another array, in which the other seats are the same', () => {
		const { map, room, told } = bench();
		map.join('proof');
		room.emit('state', { ...STATE, ids: [], words: [] });
		room.emit('state', STATE);
		room.emit('state', { ...STATE });
		room.emit('state', { ...STATE, words: [1] });
		expect(told).toHaveLength(2);
		const [before, after] = told;
		expect(after?.[0]?.state).toBe('held');
		expect(before?.[0]?.state).toBe('free');
		expect(after?.slice(1).every((seat, at) => seat === before?.[at + 1])).toBe(true);
	});

	test('takes one seat per proof, and another one after it was lost', async () => {
		const { map, room, timers } = bench();
		map.join('proof');
		map.join('proof');
		await settled();
		expect(room.opened).toEqual([{ admission: 'proof' }]);
		room.sessionId = undefined;
		room.emit('left', {});
		timers.shift()?.();
		await settled();
		map.join('newer');
		expect(room.opened).toEqual([{ admission: 'proof' }, { admission: 'proof' }]);
	});

	test('does not ask again with a proof that is refused for good', async () => {
		const { map, room, timers } = bench();
		room.refusal = 'EXPIRED';
		map.join('proof');
		await settled();
		expect(timers).toEqual([]);
		for (const [at, code] of ['TIMEOUT', 'RETRY_LATER', 'BUSY'].entries()) {
			room.refusal = code;
			map.join(`newer ${at}`);
			await settled();
			expect(timers, code).toHaveLength(at + 1);
		}
	});

	test('forgets the map when it is left, also while it is being opened', async () => {
		const { map, room, told } = bench();
		map.join('proof');
		room.emit('state', STATE);
		map.leave();
		await settled();
		expect(map.seats).toEqual([]);
		expect(told.at(-1)).toEqual([]);
		expect(room.closings).toBe(2);
		map.join('proof');
		room.emit('state', { ...STATE, words: [1] });
		expect(map.seats[0]?.state).toBe('held');
	});
});
