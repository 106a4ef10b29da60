import { describe, expect, test } from 'vitest';
import type { SeatMapListener } from '../../src/tickets/seat-maps.ts';
import { EVENT, seatsOf, TicketWorld } from './ticket-world.ts';

/** Who looks on, and what they see. */
class Lookers implements SeatMapListener {
	states = '';
	readonly gone: string[] = [];
	readonly #users: readonly string[];

	constructor(users: readonly string[] = []) {
		this.#users = users;
	}

	map(_: unknown, states: string): void {
		this.states = states;
	}
	changed(seats: readonly number[], states: string): void {
		const letters = [...this.states];
		for (const [at, seat] of seats.entries()) letters[seat] = states.charAt(at);
		this.states = letters.join('');
	}
	ended(userId: string): void {
		this.gone.push(userId);
	}
	users(): Iterable<string> {
		return this.#users;
	}
}

describe('[T7] seat maps', () => {
	test('an owner that is busy for long is asked for the map until it answers', async () => {
		const world = await TicketWorld.with({ seats: seatsOf(3) });
		let refusals = 40;
		world.way.intercept = (name) =>
			name === 'seatMap' && refusals-- > 0 ? { ok: false, code: 'BUSY' } : undefined;
		const lookers = new Lookers();
		world.tickets.seatMaps.follow(EVENT, lookers);
		for (let attempt = 0; attempt < 50; attempt++) await world.pass(2_000);
		expect(lookers.states).toBe('FFF');
	});

	test('an owner that could not be opened for long is heard in the end, and meanwhile asks to come again', async () => {
		const world = await TicketWorld.with({ seats: seatsOf(3) });
		const { open } = world.way;
		world.way.open = (_key, _request, answer) =>
			void setImmediate(() => answer({ ok: false, code: 'BUSY' }));
		const { seatMaps } = world.tickets;
		const lookers = new Lookers();
		const unfollow = seatMaps.follow(EVENT, lookers);
		const codes = new Set<string>();
		for (let round = 0; round < 400; round++) {
			const admitted = seatMaps.admit(EVENT, 'ann', 'x.y.z');
			await world.pass(100);
			const answer = await world.settled(admitted);
			codes.add(answer.ok ? 'OK' : answer.code);
		}
		expect([...codes].sort()).toEqual(['BUSY', 'RETRY_LATER']);
		world.way.open = open;
		await world.pass(10_000);
		expect(lookers.states).toBe('FFF');
		expect(await world.settled(seatMaps.admit(EVENT, 'ann', 'x.y.z'))).toMatchObject({
			code: 'NOT_ADMITTED',
		});
		unfollow();
		expect(world.way.listening).toBe(0);
	});

	test('an event that could not be opened is not tried again for nobody', async () => {
		const world = await TicketWorld.with({ seats: seatsOf(3) });
		let tries = 0;
		world.way.open = (_key, _request, answer) => {
			tries++;
			setImmediate(() => answer({ ok: false, code: 'BUSY' }));
		};
		const unfollow = world.tickets.seatMaps.follow(EVENT, new Lookers());
		for (let round = 0; round < 30; round++) await world.pass(1_000);
		expect(tries).toBeGreaterThan(6);
		unfollow();
		tries = 0;
		for (let round = 0; round < 30; round++) await world.pass(1_000);
		expect(tries).toBe(0);
	});

	test('a map that is not asked for any more is not asked for again', async () => {
		const world = await TicketWorld.with({ seats: seatsOf(3) });
		world.way.intercept = (name) => (name === 'seatMap' ? { ok: false, code: 'BUSY' } : undefined);
		const unfollow = world.tickets.seatMaps.follow(EVENT, new Lookers());
		await world.pass(10_000);
		unfollow();
		await world.pass(5_000);
		const { length } = world.way.sent;
		await world.pass(60_000);
		expect(world.way.sent).toHaveLength(length);
	});

	test('[T14] a thousand who look on are looked up in few commands when the owner has changed', async () => {
		const world = await TicketWorld.with({ seats: seatsOf(3) });
		const users = Array.from({ length: 1_000 }, (_, at) => `u${at}`);
		const lookers = new Lookers(users);
		world.tickets.seatMaps.follow(EVENT, lookers);
		await world.pass(1_000);
		await world.loseOwner();
		world.way.sent.length = 0;
		await world.pass(3_000);
		expect(lookers.gone).toEqual(users);
		expect(world.way.sent.filter(([name]) => name === 'look')).toEqual([['look', 1_000]]);
	});
});
