import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TicketMe } from '../../src/protocol/ticket-event.ts';
import { placeNow } from '../../src/protocol/wait-estimate.ts';
import type { Tickets } from '../../src/tickets/open-tickets.ts';
import { measured, type Page, seatsOf, TicketWorld } from './ticket-world.ts';

const USERS = ['ann', 'bob', 'cy', 'dee'];
const SEATS = 5;

/** What one user may do, or what befalls a node. */
type Step =
	| { readonly do: 'open' | 'enter' | 'leave' | 'close' | 'slow' | 'catchUp'; readonly at: number }
	| { readonly do: 'hold' | 'checkout'; readonly at: number; readonly seat: number }
	| { readonly do: 'pass'; readonly ms: number }
	| { readonly do: 'lose' | 'refuse' | 'pause' | 'resume' | 'end' };

/** Pages of all users, two devices each, one of them at another node. */
const PLACES = USERS.length * 2;

const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 10,
		arbitrary: fc.record({
			do: fc.constantFrom('open', 'open', 'enter', 'enter', 'leave', 'close', 'slow', 'catchUp'),
			at: fc.nat({ max: PLACES - 1 }),
		}),
	},
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constantFrom('hold', 'hold', 'checkout'),
			at: fc.nat({ max: PLACES - 1 }),
			seat: fc.nat({ max: SEATS - 1 }),
		}),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			do: fc.constant('pass' as const),
			ms: fc.constantFrom(10, 500, 3_000, 20_000, 70_000),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			do: fc.constantFrom('lose', 'lose', 'refuse', 'refuse', 'pause', 'resume', 'resume', 'end'),
		}),
	},
) as fc.Arbitrary<Step>;

/** A page with the last that it knows: from its view, from answers, and from what was told. */
class Known {
	readonly page: Page;
	me: TicketMe | undefined;
	#heard = 0;

	constructor(page: Page) {
		this.page = page;
		void page.view.then((view) => {
			if (view.ok) this.me = (view.view as { me: TicketMe }).me;
		});
	}

	/** Takes over what was told since it was last looked at. */
	hear(): void {
		const told = this.page.of<TicketMe>('me');
		if (told.length > this.#heard) this.me = told.at(-1);
		this.#heard = told.length;
	}

	async run(name: string, args: object = {}): Promise<void> {
		const answer = await this.page.send(name, args);
		this.hear();
		const { phase } = (answer.ok ? answer.reply : {}) as Partial<TicketMe>;
		if (answer.ok && phase !== undefined) this.me = answer.reply as TicketMe;
	}
}

class Crowd {
	readonly world: TicketWorld;
	readonly pages = new Map<number, Known>();
	readonly #nodes: readonly Tickets[];

	constructor(world: TicketWorld) {
		this.world = world;
		this.#nodes = [world.tickets, world.edge('node-2')];
	}

	userOf = (at: number) => USERS[at % USERS.length] as string;

	async take(step: Step): Promise<void> {
		const { world } = this;
		switch (step.do) {
			case 'pass':
				await world.pass(step.ms);
				break;
			case 'lose':
				await world.loseOwner();
				break;
			case 'refuse': {
				let left = 3;
				world.way.intercept = (name) =>
					(name === 'arrive' || name === 'claim' || name === 'look') && left-- > 0
						? { ok: false, code: 'MOVED' }
						: undefined;
				break;
			}
			case 'pause':
			case 'resume':
				await world.ops(step.do);
				break;
			case 'end':
				await world.ops('close');
				break;
			default:
				await this.#act(step.at, step);
		}
	}

	async #act(
		at: number,
		step: Exclude<Step, { do: 'pass' | 'lose' | 'refuse' | 'pause' | 'resume' | 'end' }>,
	) {
		const { world } = this;
		const known = this.pages.get(at);
		if (step.do === 'open') {
			if (known !== undefined) return;
			const node = Math.floor(at / USERS.length);
			const page = world.page(this.userOf(at), { at: this.#nodes[node] ?? world.tickets });
			this.pages.set(at, new Known(page));
			return;
		}
		if (known === undefined) return;
		known.hear();
		const { page } = known;
		if (step.do === 'close') {
			page.close();
			this.pages.delete(at);
		} else if (step.do === 'slow') page.isSlow = true;
		else if (step.do === 'catchUp') page.catchUp();
		else this.#run(known, step);
	}

	#run(known: Known, step: Step): void {
		const admission = known.me?.admission ?? '';
		if (step.do === 'hold') void known.run('hold', { seats: [`s${step.seat + 1}`], admission });
		else if (step.do === 'checkout') void known.run('checkout', { admission });
		else void known.run(step.do);
	}

	/** Everything that is under way ends. */
	async rest(): Promise<void> {
		this.world.way.intercept = () => undefined;
		for (const { page } of this.pages.values()) if (page.isSlow) page.catchUp();
		await this.world.pass(30_000);
	}

	/** Pages whose user waits, as they know it and as their nodes count it. */
	waiting(): { readonly known: number; readonly counted: number } {
		const known = [...this.pages.values()].filter(({ me }) => me?.phase === 'waiting').length;
		const counted = this.#nodes.reduce(
			(sum, { series }) => sum + measured(series, 'ticket_waiting_handles'),
			0,
		);
		return { known, counted };
	}

	/** What the actor says of a user. */
	async truth(userId: string): Promise<TicketMe> {
		const answer = await this.world.way.bench.send(
			'ticket-event/concert',
			['look', { users: [userId] }],
			{
				caller: { userId: 'node-1', roles: ['system'] },
			},
		);
		if (!answer.ok) throw new Error(answer.code);
		return (answer.reply as { me: TicketMe[] }).me[0] as TicketMe;
	}
}

/** What has to be the same wherever it is looked at. */
const essence = ({ phase, held, order }: TicketMe) => ({
	phase,
	held: [...held.seats].sort(),
	order: order?.status,
});

/** Compares what a page knows with what the actor says. */
async function judge(crowd: Crowd, at: number, known: Known): Promise<void> {
	const userId = crowd.userOf(at);
	const truth = await crowd.truth(userId);
	const { me } = known;
	expect(me && essence(me), `page ${at} of ${userId}`).toEqual(essence(truth));
	if (truth.phase === 'waiting') {
		const place = placeNow(me?.place ?? 0, me?.turned ?? 0, truth.turned ?? 0);
		expect(place).toBeGreaterThanOrEqual(truth.place ?? 0);
	}
	if (truth.phase === 'inside') expect(me?.admission?.split('.')).toHaveLength(3);
	// Whoever is here takes a turn.
	expect(truth.phase).not.toBe('turn');
}

async function isJust(crowd: Crowd): Promise<boolean> {
	for (const [at, known] of crowd.pages) {
		known.hear();
		const isRight = await judge(crowd, at, known).then(
			() => true,
			() => false,
		);
		if (!isRight) return false;
	}
	return true;
}

describe('[T2] [T14] [T15] lobbies of two nodes', () => {
	test('every page comes to know what the actor knows, whatever befell it', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
				const world = await TicketWorld.with({
					seats: seatsOf(SEATS),
					admission: { mode: 'desk', maxActive: 2 },
					maxPerUser: 2,
				});
				await world.pass(1_000);
				const crowd = new Crowd(world);
				for (const one of steps) await crowd.take(one);
				await crowd.rest();
				// What has to be signed takes a moment of real time.
				for (let turn = 0; turn < 200 && !(await isJust(crowd)); turn++) {
					await new Promise((resolve) => setTimeout(resolve, 1));
					await world.pass(1);
				}
				for (const [at, known] of crowd.pages) await judge(crowd, at, known);
				const { known, counted } = crowd.waiting();
				expect(counted).toBe(known);
			}),
			{ numRuns: 60 },
		);
	});
});
