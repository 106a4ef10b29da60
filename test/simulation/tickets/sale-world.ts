import { ticketEventKind } from '../../../actors/ticket-event/ticket-event-kind.ts';
import type { CommandAnswer } from '../../../src/core/actor-port.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { type ActorKey, actorKey } from '../../../src/protocol/ids.ts';
import { ticketEventContract } from '../../../src/protocol/ticket-event.ts';
import { VirtualRuntime } from '../../support/virtual-runtime.ts';
import { drawFaults, type Faults, NO_FAULTS } from '../faults.ts';
import { SimulatedDisk } from '../simulated-disk.ts';
import { checkBooks, isSettled, isStuckForEver } from './check-books.ts';
import { SaleBuyer } from './sale-buyer.ts';
import { SaleJudge } from './sale-judge.ts';
import { SaleNews } from './sale-news.ts';
import { type SaleGround, SaleNode } from './sale-node.ts';
import { NO_PAYMENT_FAULTS, SaleProviders } from './sale-providers.ts';
import { NO_SABOTAGE, type SaleSabotage } from './sale-sabotages.ts';

const EVENT = 'show';
const STEP_MS = 250;
const TROUBLE_MS = 30_000;
/** What is left of an owner that died is taken up within 15 s and a sweep. */
const NEWS_MAX_MS = 60_000;
const CALM_MAX_MS = 1_500_000;
/** An owner that stands still for so long is taken for dead. */
const LEASE_MS = 3_000;
const SNAPSHOT = 0.02;

export interface SaleOptions {
	readonly seed: number;
	readonly sabotage?: SaleSabotage;
	/** Nothing goes wrong but this: the owner dies at that commit. */
	readonly killAt?: { readonly commit: number; readonly when: 'before' | 'behind' };
}

/**
 * A whole on-sale: nodes with the actors and waiting rooms of production on shared data, buyers,
 * operators, providers, and trouble; then everything heals, and everybody and all money has to be
 * where it belongs.
 */
export class SaleWorld {
	readonly key: ActorKey = actorKey('ticket-event', EVENT);
	readonly clock: VirtualRuntime;
	readonly judge = new SaleJudge(EVENT);
	readonly providers: SaleProviders;
	/** Nobody goes astray any more. */
	isCalm = false;
	readonly #options: SaleOptions;
	readonly #disk: SimulatedDisk;
	readonly #ground: SaleGround;
	readonly #news: SaleNews;
	#faults: Faults;
	#nodes: SaleNode[] = [];
	#owner: SaleNode | undefined;
	#ownerStillSince: number | undefined;
	/** Nodes that have not heard of the present owner. */
	readonly #astray = new Map<SaleNode, SaleNode>();
	readonly #buyers: SaleBuyer[] = [];
	#born = 0;
	#isKilled = false;
	#stock: number | undefined;
	#seats = 0;
	#acts = 0;

	constructor(options: SaleOptions) {
		this.#options = options;
		const { seed, sabotage = NO_SABOTAGE, killAt } = options;
		this.clock = new VirtualRuntime({ seed });
		this.#faults = killAt === undefined ? drawFaults(this.clock) : NO_FAULTS;
		this.providers = new SaleProviders(this.clock, this.judge);
		if (sabotage.misread !== undefined) this.providers.misread = sabotage.misread;
		if (killAt !== undefined) this.providers.faults = NO_PAYMENT_FAULTS;
		this.#news = new SaleNews(this.clock);
		this.#disk = new SimulatedDisk(sabotage.kind, {
			landed: (record) => {
				this.judge.landed(record);
				this.#news.landed(record);
			},
		});
		this.#ground = {
			clock: this.clock,
			disk: this.#disk,
			feed: this.#news.feed,
			append: this.#append,
			providers: this.providers,
			sabotage,
			faults: () => this.#faults,
			ownerFor: (node) => this.#ownerFor(node),
		};
	}

	readonly random = () => this.clock.random();

	/** A whole number below `below`. */
	draw(below: number): number {
		return Math.floor(this.random() * below);
	}

	pickNode(): SaleNode | undefined {
		const living = this.#nodes.filter(({ isDead }) => !isDead);
		return living[this.draw(living.length)];
	}

	/** What a buyer may want to hold. */
	pick(count: number): object {
		if (this.#stock !== undefined) return { quantity: count };
		const seats = Array.from({ length: count }, () => `s${this.draw(this.#seats) + 1}`);
		return { seats: [...new Set(seats)] };
	}

	/** Runs to the end, or to what should not be; answers with that. */
	async run(): Promise<readonly string[]> {
		for (let n = 0; n < 2 + this.draw(2); n++) this.#nodes.push(this.#start());
		this.#place();
		await this.#create();
		for (let n = 0; n < 5 + this.draw(10); n++) this.#buyers.push(new SaleBuyer(this, `u${n}`));
		for (const buyer of this.#buyers) void buyer.live();
		await this.#trouble();
		if (this.#isSound) await this.#calm();
		return this.judge.violations;
	}

	get #isSound(): boolean {
		return this.judge.violations.length === 0;
	}

	#start(): SaleNode {
		return new SaleNode(`node-${++this.#born}`, this.#ground);
	}

	/** The node dies on its way to that commit, or as soon as the journal has it. */
	readonly #append: SaleGround['append'] = async (node, writes, run) => {
		const { killAt } = this.#options;
		const isMeant = writes.some(({ record }) => record.commit === killAt?.commit);
		if (!isMeant || this.#isKilled) return run();
		this.#isKilled = true;
		if (killAt?.when === 'behind') await run();
		this.#kill(node);
		return new Promise(() => {});
	};

	/** Most nodes know who owns the event; who has not heard asks another. */
	#ownerFor(node: SaleNode): SaleNode | undefined {
		const believed = this.#astray.get(node);
		if (believed !== undefined && !believed.isDead) return believed;
		return this.#owner?.isDead === true ? undefined : this.#owner;
	}

	async #create(): Promise<void> {
		const isDesk = this.random() < 0.5;
		this.#stock = this.random() < 0.4 ? 2 + this.draw(10) : undefined;
		this.#seats = 2 + this.draw(12);
		const seats = Array.from({ length: this.#seats }, (_, at) => ({
			id: `s${at + 1}`,
			grade: 'A',
			price: (1 + (at % 3)) * 1_000,
		}));
		const what =
			this.#stock === undefined ? { seats } : { stock: { total: this.#stock, price: 1_000 } };
		const draft = {
			...{ title: 'Show', currency: 'EUR', secret: 'x'.repeat(32), ...what },
			opensAt: this.clock.now() + 3_000,
			maxPerUser: 2 + this.draw(2),
			pickSeconds: 5 + this.draw(20),
			paySeconds: 3 + this.draw(20),
			reopens: this.random() < 0.8,
			admission: {
				mode: isDesk ? 'desk' : 'turnstile',
				maxActive: 1 + this.draw(6),
				batch: 1 + this.draw(3),
				intervalMs: 500 + this.draw(2_000),
				graceMs: 1_000 + this.draw(6_000),
				returnMs: this.draw(2) * 20_000,
			},
		};
		void this.#operate('create', ticketEventContract.commands.create.args.parse(draft));
		await this.clock.until(() => this.judge.commits > 1);
	}

	/** Asks as an operator, until somebody answers for good. */
	async #operate(name: string, args: object = {}): Promise<CommandAnswer> {
		const caller = { userId: 'olga', roles: ['ops'] };
		const requestId = `ops-${++this.#acts}`;
		for (let tries = 0; ; tries++) {
			const request = { caller, name, args, requestId, resend: tries > 0 };
			const node = this.pickNode();
			const answer = await Promise.race([
				new Promise<CommandAnswer>((resolve) => {
					node?.route.command(this.key, request, resolve);
				}),
				new Promise<undefined>((resolve) => void this.clock.after(5_000, () => resolve(undefined))),
			]);
			if (answer?.ok || (answer && !ERRORS[answer.code].retryable)) return answer;
			await new Promise<void>((wake) => void this.clock.after(300, wake));
		}
	}

	async #trouble(): Promise<void> {
		for (let step = 0; step < TROUBLE_MS / STEP_MS && this.#isSound; step++) {
			await this.clock.advance(STEP_MS);
			this.#place();
			if (this.#options.killAt !== undefined) continue;
			this.providers.trouble(STEP_MS);
			for (const node of this.#nodes) this.#troubleOf(node);
			if (this.random() < 0.02) void this.#operations();
		}
	}

	/** The event gets an owner where there is none, as placement does it. */
	#place(): void {
		const owner = this.#owner;
		const { isPaused = false } = owner?.process ?? {};
		this.#ownerStillSince = isPaused ? (this.#ownerStillSince ?? this.clock.now()) : undefined;
		const isStill = this.clock.now() - (this.#ownerStillSince ?? Infinity) > LEASE_MS;
		if (owner !== undefined && !owner.isDead && !isStill) return;
		const others = this.#nodes.filter((node) => !node.isDead && node !== owner);
		this.#owner = others[this.draw(others.length)];
		this.#ownerStillSince = undefined;
		for (const node of this.#nodes) if (!node.isDead) node.route.cut();
	}

	#happens(chance: number): boolean {
		return this.random() < chance * (STEP_MS / 1_000);
	}

	#troubleOf(node: SaleNode): void {
		if (node.isDead) return;
		const { pause, crash, cut } = this.#faults;
		if (this.#happens(pause * 0.5) && !node.process.isPaused) {
			node.process.pause();
			this.clock.after(this.random() ** 2 * 12_000, () => node.process.resume());
		}
		if (this.random() < SNAPSHOT && !node.process.isPaused) {
			void this.#disk.snapshotOne(node.system);
		}
		if (this.#happens(cut)) node.route.cut();
		if (this.#happens(cut * 0.3)) this.#goAstray(node);
		if (this.#happens(crash * 0.5)) this.#kill(node);
	}

	/** For a while this node takes another for the owner. */
	#goAstray(node: SaleNode): void {
		const other = this.pickNode();
		if (other === undefined) return;
		this.#astray.set(node, other);
		node.route.cut();
		this.clock.after(this.random() * 4_000, () => {
			this.#astray.delete(node);
			if (!node.isDead) node.route.cut();
		});
	}

	#kill(node: SaleNode | undefined): void {
		if (node === undefined || node.isDead) return;
		node.kill();
		for (const other of this.#nodes) {
			if (!other.isDead && this.#ownerFor(other) === undefined) other.route.cut();
		}
		this.clock.after(this.random() * 2_000, () => {
			if (this.isCalm && this.pickNode() !== undefined) return;
			this.#nodes = [...this.#nodes.filter((one) => one !== node), this.#start()];
		});
	}

	async #operations(): Promise<void> {
		const chance = this.random();
		if (chance < 0.3) {
			await this.#operate('pause');
			await new Promise<void>((wake) => void this.clock.after(this.random() * 8_000, wake));
			await this.#operate('resume');
		} else if (chance < 0.6) {
			const more = this.#stock === undefined ? {} : { stockTotal: this.#stock + this.draw(10) };
			await this.#operate('settings', {
				maxActive: 1 + this.draw(6),
				batch: 1 + this.draw(3),
				providers: { 'pay-a': this.draw(3), 'pay-b': 1 },
				...more,
			});
		} else if (chance < 0.65) await this.#operate('close');
		else {
			for (const { orderId } of this.judge.state.stuck.values()) {
				await this.#operate('resolve', { orderId, how: 'retry' });
			}
		}
	}

	/** Nothing breaks any more; whoever still hopes has to come to an end, and so has all money. */
	async #calm(): Promise<void> {
		this.#faults = NO_FAULTS;
		this.providers.heal();
		if (this.random() < 0.05) this.providers.neverAgain = this.draw(2) === 0 ? 'pay-a' : 'pay-b';
		this.isCalm = true;
		this.#astray.clear();
		void this.#oneLeft();
		for (let waited = 0; waited < CALM_MAX_MS && this.#isSound; waited += STEP_MS) {
			if (this.#isOver) break;
			await this.clock.advance(STEP_MS);
			this.#place();
		}
		if (!this.#isSound) return;
		for (const buyer of this.#buyers) {
			if (!this.#isContent(buyer)) this.judge.complain(`waits for ever: ${buyer.plight}`);
		}
		checkBooks(this.judge, this.providers);
		await this.#checkHistory();
		await this.#checkNews();
	}

	/** One of the nodes goes on alone, or none and a new one begins. */
	async #oneLeft(mayStay = true): Promise<void> {
		// What is closed takes no writes any more: an owner that was deposed would not find out.
		const isNew = !mayStay || this.judge.state.tally.phase === 'closed' || this.random() < 0.3;
		const left = (isNew ? undefined : this.#nodes.find(({ isDead }) => !isDead)) ?? this.#start();
		for (const node of this.#nodes) if (node !== left) node.kill();
		this.#nodes = [left];
		this.#owner = left;
		left.process.resume();
		left.route.cut();
		// An owner that was deposed finds out when it writes.
		await this.#operate('settings', { title: 'Show' });
		await this.#operate('resume');
	}

	/** The state that the journal leads to, and the append-only history of the stock, say the same (T11). */
	async #checkHistory(): Promise<void> {
		this.#isKilled = true;
		const found: unknown[] = [];
		const isThere = this.#oneLeft(false);
		void isThere.then(() => this.#operate('reconcile')).then((counted) => found.push(counted));
		await this.clock.until(() => found.length === 1);
		void this.#owner?.system.inspect(this.key, (_, { state }) => {
			found.push(ticketEventKind.figures?.(state as never));
		});
		await this.clock.until(() => found.length === 2);
		const { state } = this.judge;
		const units = state.tally.sold;
		const wanted = [
			{ ok: true, reply: { units, missing: [], extra: [] } },
			ticketEventKind.figures?.(state),
		];
		if (JSON.stringify(found) !== JSON.stringify(wanted)) {
			this.judge.complain(`the owner says ${JSON.stringify(found)}`);
		}
	}

	/** What other services were told is what the journal says. */
	async #checkNews(): Promise<void> {
		for (let waited = 0; waited < NEWS_MAX_MS && !this.#news.isTold; waited += STEP_MS) {
			await this.clock.advance(STEP_MS);
		}
		const complaint = this.#news.complaint();
		if (complaint !== undefined) this.judge.complain(complaint);
	}

	get #isOver(): boolean {
		return (
			this.#buyers.every((buyer) => this.#isContent(buyer)) && isSettled(this.judge, this.providers)
		);
	}

	/** Has what there is to have, or knows that the money is with somebody who never answers again. */
	#isContent({ fate, userId }: SaleBuyer): boolean {
		if (fate !== undefined) return true;
		const { orders, stuck, tally } = this.judge.state;
		// All that is left is with orders whose money nobody can find out about.
		if (this.providers.neverAgain !== undefined && stuck.size > 0 && tally.free === 0) return true;
		return [...orders.values()].some(
			(order) =>
				order.userId === userId &&
				order.payment.stands === 'mustWait' &&
				isStuckForEver(this.judge, this.providers, order),
		);
	}
}
