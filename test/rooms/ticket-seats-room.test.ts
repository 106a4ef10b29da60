import { Encoder } from '@colyseus/schema';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { TicketSeatMap } from '../../client-sdk/src/ticket-seat-map.ts';
import { SeatGrade, TicketSeatsState } from '../../rooms/schema/ticket-seats-state.ts';
import { type SeatMapListener, ticketSeatsRoom } from '../../rooms/ticket-seats-room.ts';
import { packSeats, seatMapBytes } from '../../src/protocol/seat-catalog.ts';
import { ticketSeatsContract } from '../../src/protocol/ticket-lobby.ts';
import { Player, startSeats } from '../gateway/seats/seat-fixture.ts';
import { EVENT, type Page, seatsOf, TicketWorld } from '../tickets/ticket-world.ts';

const world = new TicketWorld();
const { seatMaps } = world.tickets;
/** A hall too large to be sold in a test of rooms: its seats are told by hand. */
const STADIUM = 'stadium';
let stadium: SeatMapListener | undefined;
const room = ticketSeatsRoom({
	admit: async (id, userId, proof) =>
		id === STADIUM ? { ok: true } : seatMaps.admit(id, userId, proof),
	follow(id, listener) {
		if (id !== STADIUM) return seatMaps.follow(id, listener);
		stadium = listener;
		return () => {};
	},
});
const { seats } = await startSeats([{ contract: ticketSeatsContract, room }]);

/** A sale of its own for each test; answers with its id. */
let sales = 0;
async function sale(draft: Parameters<TicketWorld['create']>[0] = {}): Promise<string> {
	const id = `${EVENT}-${++sales}`;
	await world.create({ seats: seatsOf(40), pickSeconds: 600, ...draft }, id);
	await world.pass(1_000);
	return id;
}

async function inside(userId: string, id: string): Promise<Page> {
	const page = world.page(userId, { id });
	await page.opened();
	await page.ask('enter');
	await world.until(() => page.me?.phase === 'inside');
	return page;
}

const look = (page: Page, token: string, id: string) =>
	world.settled(
		Player.open(seats, {
			kind: 'ticket-seats',
			id,
			token,
			args: { admission: page.me?.admission ?? '' },
		}),
	);

/** The seat map as a client reads it, by the letters of the states. */
function readerOf(player: Player) {
	let shown = '';
	let first: object | undefined;
	const listeners: ((state: unknown) => void)[] = [];
	const asRoom = {
		sessionId: 'x',
		open: async () => {},
		close: () => {},
		on: (_: string, listener: (state: unknown) => void) => {
			listeners.push(listener);
			return () => {};
		},
	};
	const timers = { setTimeout: () => 0, clearTimeout: () => {}, random: () => 0 };
	const map = new TicketSeatMap(asRoom as never, timers, (all) => {
		first ??= all[0];
		shown = all.map(({ state }) => state.charAt(0)).join('');
	});
	map.join('proof');
	return {
		/** One letter per seat: free, held, sold. */
		states: () => {
			listeners[0]?.(player.room.state);
			return shown;
		},
		first: () => first,
	};
}

/** Patches leave by the real clock. */
async function until(check: () => boolean): Promise<void> {
	await expect
		.poll(
			async () => {
				await world.runtime.advance(1);
				return check();
			},
			{ interval: 20, timeout: 5_000 },
		)
		.toBe(true);
}

describe('[T7] the seat map', () => {
	test('everybody inside sees seats become held, free and sold, by small patches', async () => {
		const id = await sale();
		const [ann, bob] = [await inside('ann', id), await inside('bob', id)];
		const [eyes, others] = [await look(ann, 'ann', id), await look(bob, 'bob', id)];
		const [mine, theirs] = [readerOf(eyes), readerOf(others)];
		await until(() => mine.states() === 'f'.repeat(40) && theirs.states() === 'f'.repeat(40));
		expect(mine.first()).toEqual({ id: 's1', grade: 'A', price: 1_000, state: 'free' });
		const admission = ann.me?.admission;
		await ann.ask('hold', { seats: ['s1', 's40'], admission });
		await until(() => theirs.states() === `h${'f'.repeat(38)}h`);
		others.received.length = 0;
		await ann.ask('hold', { seats: ['s17'], admission });
		const held = `h${'f'.repeat(15)}h${'f'.repeat(22)}h`;
		await until(() => theirs.states() === held && mine.states() === held);
		const bytes = others.received.reduce((sum, { length }) => sum + length, 0);
		expect(bytes).toBeGreaterThan(0);
		expect(bytes).toBeLessThan(20);
		await ann.ask('release', { seats: ['s17'], admission });
		await until(() => mine.states() === `h${'f'.repeat(38)}h`);
	});

	test('[T5] nobody without a proof of an admission that stands looks on', async () => {
		const id = await sale();
		const [ann, bob] = [await inside('ann', id), await inside('bob', id)];
		const refused = (as: Page, token: string) =>
			look(as, token, id).then(
				() => 'let in',
				(error: { code?: string; message: string }) => error.code ?? error.message,
			);
		expect(await refused(bob, 'ann')).toContain('NOT_ADMITTED');
		const stranger = world.page('eve', { id });
		await stranger.opened();
		expect(await refused(stranger, 'eve')).toContain('NOT_ADMITTED');
		await ann.ask('leave');
		const proof = ann.of<{ admission?: string }>('me').find(({ admission }) => admission);
		expect(await refused({ me: proof } as Page, 'ann')).toContain('EXPIRED');
	});

	test('of an event that is not there is refused, each time anew', async () => {
		const stranger = { me: { admission: 'x.y.z' } } as Page;
		for (let attempt = 0; attempt < 2; attempt++) {
			await expect(look(stranger, 'ann', 'nothing')).rejects.toThrow('NOT_FOUND');
		}
	});

	test('[T5] a look ends with the admission, not with the checkout', async () => {
		const id = await sale();
		const [ann, bob] = [await inside('ann', id), await inside('bob', id)];
		const [eyes, others] = [await look(ann, 'ann', id), await look(bob, 'bob', id)];
		const { admission } = ann.me ?? {};
		await ann.ask('hold', { seats: ['s1'], admission });
		await ann.ask('checkout', { admission });
		await world.pass(100);
		expect([eyes.closed, others.closed]).toEqual([undefined, undefined]);
		await bob.ask('leave');
		await until(() => others.closed !== undefined);
		expect(eyes.closed).toBeUndefined();
		await world.pass(420_000);
		await until(() => eyes.closed !== undefined);
	});

	test('200,000 seats with long ids are written at once, whole and in patches', async () => {
		const warned = vi.spyOn(console, 'warn');
		onTestFinished(() => warned.mockRestore());
		const many = Array.from({ length: 200_000 }, (_, at) => ({
			id: `north-stand_block-${Math.floor(at / 500)}_row-${Math.floor(at / 20) % 25}_seat-${at}`,
			grade: 'A',
			price: 1_000,
		}));
		const come = (token: string) =>
			Player.open(seats, {
				kind: 'ticket-seats',
				id: STADIUM,
				token,
				args: { admission: 'proof' },
			});
		// Before the map is there: then all of it is one patch.
		const mine = readerOf(await come('ann'));
		stadium?.map(many, 'F'.repeat(200_000));
		await until(() => mine.states().length === 200_000);
		stadium?.changed([199_999], 'H');
		await until(() => mine.states().endsWith('fh'));
		const eyes = await come('bob');
		const theirs = readerOf(eyes);
		await until(() => theirs.states().endsWith('fh'));
		const whole = Math.max(...eyes.received.map(({ length }) => length));
		expect(whole).toBeGreaterThan(500_000);
		expect(whole).toBeLessThanOrEqual(seatMapBytes(packSeats(many), many.length));
		expect(warned).not.toHaveBeenCalled();
	});

	test('no state is larger than what is kept free for it', () => {
		const silent = vi.spyOn(console, 'warn').mockImplementation(() => {});
		onTestFinished(() => silent.mockRestore());
		const seats = Array.from({ length: 20_000 }, (_, at) => ({
			id: `${at}-`.padEnd(64, 'x'),
			grade: `${at % 5_000}`.padEnd(32, '가'),
			price: 999_999_999_999 - at,
		}));
		const catalog = packSeats(seats);
		const state = new TicketSeatsState();
		state.grades.push(...catalog.grades.map((grade) => new SeatGrade(grade)));
		state.runs.push(...catalog.runs);
		state.ids.push(...catalog.ids);
		state.words.push(...catalog.runs.map(() => 0xff_ff_ff_ff).slice(0, seats.length / 16));
		const { length } = new Encoder(state).encodeAll();
		expect(length).toBeLessThan(seatMapBytes(catalog, seats.length));
	});

	test('[T14] the map is whole again when another node owns the event', async () => {
		const id = await sale();
		const [ann, bob] = [await inside('ann', id), await inside('bob', id)];
		const eyes = readerOf(await look(bob, 'bob', id));
		await ann.ask('hold', { seats: ['s1'], admission: ann.me?.admission });
		await until(() => eyes.states() === `h${'f'.repeat(39)}`);
		await world.loseOwner();
		await world.pass(3_000);
		await ann.ask('hold', { seats: ['s3'], admission: ann.me?.admission });
		await until(() => eyes.states() === `hfh${'f'.repeat(37)}`);
	});
});
