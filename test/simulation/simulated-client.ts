import type { CommandAnswer, OpenAnswer } from '../../src/core/actor-port.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { Resume, WireEvent } from '../../src/protocol/wire.ts';
import type { Act, Seen } from './script.ts';
import { type EdgeListener, type Frame, SimulatedEdge } from './simulated-edge.ts';
import type { SimulatedWorld } from './simulated-world.ts';
import { Way } from './way.ts';

interface Waiting {
	readonly act: Act;
	readonly requestId: string;
	n: number | undefined;
	isInFlight: boolean;
	isResend: boolean;
	sentAt: number;
}

const WINDOW_MAX = 4;
const PATIENCE_MS = 3_000;
const BACK_OFF_MS = 150;
const TICK_MS = 400;
/** Refusals that say for sure that the command did not take effect. */
const UNTOUCHED = ['AGAIN', 'BUSY', 'RATE_LIMITED', 'RETRY_LATER'];

/**
 * A user with one opened handle, as the SDK would behave: numbers its commands, goes back to the first
 * unanswered one, connects elsewhere when nothing comes, sends again with the same ids and resumes.
 */
export class SimulatedClient implements EdgeListener {
	readonly userId: string;
	readonly key: ActorKey;
	readonly #world: SimulatedWorld;
	readonly #waiting: Waiting[] = [];
	#left: number;
	#serial = 0;
	#openings = 0;
	#nextN = 1;
	#way: Way | undefined;
	#edge: SimulatedEdge | undefined;
	#askedAt = 0;
	#state: 'closed' | 'asking' | 'open' = 'closed';
	#isBackingOff = false;
	#backAt = 0;
	#isGone = false;
	#seen: Seen = new Map();
	#resume: Resume | undefined;

	constructor(world: SimulatedWorld, options: { userId: string; key: ActorKey; acts: number }) {
		this.#world = world;
		this.userId = options.userId;
		this.key = options.key;
		this.#left = options.acts;
		const { first } = world.script;
		if (first !== undefined) this.#add(first);
		this.#tick();
	}

	/** Everything is answered, and what is seen is the present state. */
	get isContent(): boolean {
		const truth = this.#world.truth.of(this.key);
		const isDone = this.#left === 0 && this.#waiting.length === 0;
		if (truth.position === 0) return isDone;
		return isDone && this.#state === 'open' && this.#resume?.[0] === truth.position;
	}

	/** What it is about, for a report of a run that does not end. */
	get plight(): string {
		const waiting = this.#waiting.map(({ act, n, isInFlight }) => `${act.name}#${n} ${isInFlight}`);
		return `${this.userId} ${this.#state} at ${this.#resume?.[0]}, waits for ${waiting.join()}`;
	}

	/** What it saw must be what is true, once it has seen everything. */
	check(): void {
		const truth = this.#world.truth.of(this.key);
		if (truth.position === 0) return;
		const seen = JSON.stringify(Object.fromEntries(this.#seen));
		const { [truth.position]: wanted } = truth.figures;
		if (seen !== wanted) this.#world.truth.complain(`${this.userId} sees ${seen}, not ${wanted}`);
	}

	/** Connects anew and does one thing more. */
	writeLast(): void {
		this.cut();
		this.#left = 0;
		this.#add(this.#world.script.last);
	}

	/** Goes for good. */
	leave(): void {
		this.cut();
		this.#isGone = true;
	}

	/** The connection breaks; it comes back by itself. */
	cut(): void {
		this.#way?.cut();
		this.#way = undefined;
		this.#state = 'closed';
	}

	answered(n: number, answer: CommandAnswer): void {
		const way = this.#way;
		way?.down(() => this.#answered(n, answer));
	}

	opened(answer: OpenAnswer): void {
		this.#way?.down(() => this.#opened(answer));
	}

	told(events: readonly WireEvent[], resume: Resume): void {
		this.#way?.down(() => this.#told(events, resume));
	}

	closed(): void {
		this.#way?.down(() => {
			this.#state = 'closed';
		});
	}

	#tick(): void {
		const { clock } = this.#world;
		if (this.#isGone) return;
		clock.after(TICK_MS * (0.5 + clock.random()), () => this.#tick());
		if (this.#left > 0 && this.#waiting.length < WINDOW_MAX && clock.random() < 0.7) {
			this.#left--;
			this.#add(this.#world.script.draw((below) => this.#world.draw(below), clock.now()));
		}
		const now = clock.now();
		const isLost =
			(this.#state === 'asking' && now - this.#askedAt > PATIENCE_MS) ||
			this.#waiting.some(({ isInFlight, sentAt }) => isInFlight && now - sentAt > PATIENCE_MS);
		if (this.#way === undefined || isLost) this.#connect();
		else if (this.#state === 'closed') this.#open();
		this.#pump();
	}

	#add(act: Act): void {
		const requestId = `${act.writes ? 'does' : 'may'}-${++this.#serial}`;
		const rest = { n: undefined, isInFlight: false, isResend: false, sentAt: 0 };
		this.#waiting.push({ act, requestId, ...rest });
	}

	#connect(): void {
		this.cut();
		const node = this.#world.pickNode();
		if (node === undefined) return;
		const { script, truth, sabotage, clock } = this.#world;
		const { key, userId } = this;
		const opening = `${userId}.${++this.#openings}`;
		// What an earlier connection still brings is for nobody.
		const way = new Way(clock, node.process);
		const listener: EdgeListener = {
			answered: (n, answer) => way === this.#way && this.answered(n, answer),
			opened: (answer) => way === this.#way && this.opened(answer),
			told: (events, resume) => way === this.#way && this.told(events, resume),
			closed: () => way === this.#way && this.closed(),
		};
		const { system } = node;
		const edge = new SimulatedEdge({
			...{ key, userId, opening, system, script, truth, sabotage, listener },
		});
		this.#way = way;
		this.#edge = edge;
		way.onCut(() => edge.close());
		this.#nextN = 1;
		this.#isBackingOff = false;
		for (const one of this.#waiting) {
			if (one.isInFlight) one.isResend = true;
			one.isInFlight = false;
			one.n = undefined;
		}
		this.#open();
	}

	#open(): void {
		this.#state = 'asking';
		this.#askedAt = this.#world.clock.now();
		const { resume, edge } = { resume: this.#resume, edge: this.#edge };
		this.#way?.up(() => edge?.open(resume));
	}

	#pump(): void {
		if (this.#way === undefined || this.#isBackingOff) return;
		for (const one of this.#waiting.slice(0, WINDOW_MAX)) if (!one.isInFlight) this.#send(one);
	}

	#send(one: Waiting): void {
		one.n ??= this.#nextN++;
		one.isInFlight = true;
		one.sentAt = this.#world.clock.now();
		const { n, act, requestId, isResend: resend } = one;
		const frame: Frame = { n, act, requestId, resend };
		const edge = this.#edge;
		this.#way?.up(() => edge?.command(frame));
	}

	#answered(n: number, answer: CommandAnswer): void {
		const index = this.#waiting.findIndex((one) => one.n === n && one.isInFlight);
		const one = this.#waiting[index];
		if (one === undefined) return;
		if (answer.ok || !ERRORS[answer.code].retryable) {
			this.#waiting.splice(index, 1);
			this.#goOn();
			return;
		}
		one.isInFlight = false;
		if (!UNTOUCHED.includes(answer.code)) one.isResend = true;
		if (answer.code === 'AGAIN' && index === 0) this.cut();
		else if (this.#isBackingOff) this.#goOn();
		else this.#backOff();
	}

	#backOff(): void {
		const { clock } = this.#world;
		const waitMs = BACK_OFF_MS * (0.5 + clock.random());
		this.#isBackingOff = true;
		this.#backAt = clock.now() + waitMs;
		clock.after(waitMs, () => this.#goOn());
	}

	/** Sends again when all behind the first refused one came back. */
	#goOn(): void {
		if (!this.#isBackingOff || this.#world.clock.now() < this.#backAt) return;
		const first = this.#waiting.findIndex((one) => one.n !== undefined && !one.isInFlight);
		if (first >= 0 && this.#waiting.slice(first).some(({ isInFlight }) => isInFlight)) return;
		this.#isBackingOff = false;
		this.#pump();
	}

	#opened(answer: OpenAnswer): void {
		if (!answer.ok) {
			this.#state = 'closed';
			return;
		}
		this.#state = 'open';
		if (answer.how === 'resumed') {
			this.#told(answer.events, [answer.position, answer.writer]);
			return;
		}
		this.#seen = new Map(Object.entries(this.#world.script.figuresOf(answer.view)));
		this.#resume = [answer.position, answer.writer];
	}

	#told(events: readonly WireEvent[], resume: Resume): void {
		if (this.#state !== 'open') return;
		for (const event of events) this.#world.script.fold(this.#seen, event);
		this.#resume = resume;
	}
}
