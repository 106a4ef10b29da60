import { connectIn } from '../../../client-sdk/src/connect.ts';
import type { Environment, Surroundings } from '../../../client-sdk/src/environment.ts';
import { KindHandle } from '../../../client-sdk/src/kind-handle.ts';
import type { KindTable, KindTypes } from '../../../client-sdk/src/kind-table.ts';
import type { NaruError } from '../../../client-sdk/src/naru-error.ts';
import { type ActorKey, splitKey } from '../../../src/protocol/ids.ts';
import type { KindContract } from '../../../src/protocol/kind.ts';
import type { Act, Seen } from '../script.ts';
import type { ActorTruth } from '../truth.ts';
import type { ClusterWorld } from './cluster-world.ts';
import { SimulatedSocket } from './simulated-socket.ts';
import { WireJudge } from './wire-judge.ts';

const WAITING_MAX = 4;
/** Share of looks at the present state, besides those that a script draws. */
const READS = 0.2;
const COME_BACK_MS = 400;

/** A device with the SDK of production, which has one actor open and gives it commands. */
export class ClusterClient {
	readonly userId: string;
	readonly key: ActorKey;
	readonly #world: ClusterWorld;
	readonly #handle: KindHandle<KindTypes>;
	readonly #naru: ReturnType<typeof connectIn>;
	readonly #waiting = new Set<string>();
	readonly #refused: string[] = [];
	readonly #everyMs: number;
	/** It does the last thing, or has done it. */
	#isLast = false;
	#serial = 0;
	#seen: Seen = new Map();
	#socket: SimulatedSocket | undefined;
	#surroundings: Surroundings | undefined;
	#isGone = false;

	constructor(world: ClusterWorld, options: { userId: string; key: ActorKey; everyMs: number }) {
		this.#world = world;
		this.userId = options.userId;
		this.key = options.key;
		this.#everyMs = options.everyMs;
		this.#naru = connectIn(this.#environment(), {
			url: 'ws://cluster.test',
			token: this.userId,
			deviceId: this.userId,
		});
		const { script } = world;
		this.#handle = new KindHandle(this.#naru.session, {
			table: tableOf(script.kind.contract),
			id: () => splitKey(this.key).id,
			sink: {
				opened: (view) => {
					this.#seen = new Map(Object.entries(script.figuresOf(view)));
				},
				event: (type, data) => script.fold(this.#seen, [type, data]),
				ephemeral: () => {},
				closed: () => this.#comeBack(),
			},
		});
		this.#give(script.first ?? script.last);
		this.#tick();
	}

	/** Everything is answered, and what is seen is the present state. */
	get isContent(): boolean {
		const isDone = this.#isLast && this.#waiting.size === 0;
		if (!isDone || this.#truth.position === 0) return isDone;
		return this.#handle.isOpen && this.#sees === this.#truth.figures.at(-1);
	}

	/** What it is about, for a report of a run that does not end. */
	get plight(): string {
		const { status } = this.#naru;
		const state = `${status}, handle ${this.#handle.isOpen ? 'open' : 'closed'}`;
		const waiting = [...this.#waiting].join();
		const truth = this.#truth.figures.at(-1);
		return `${this.userId} ${state}, sees ${this.#sees} of ${truth}, waits for ${waiting}`;
	}

	/** Comes back and does one thing more. */
	writeLast(): void {
		this.#isLast = true;
		this.#give(this.#world.script.last);
		this.wake();
	}

	/** Its user looks at it: it tries at once. */
	wake(): void {
		this.#surroundings?.wake();
	}

	/** The connection breaks; it comes back by itself, sooner when it notices. */
	cut(isNoticed = true): void {
		this.#socket?.cut(isNoticed);
	}

	/** A process has died, with its end of the socket. */
	nodeDied(process: unknown, isNoticed: boolean): void {
		if (this.#socket?.process === process) this.cut(isNoticed);
	}

	/** Goes for good. */
	leave(): void {
		this.#isGone = true;
		this.cut(false);
		void this.#naru.close();
	}

	get #truth(): ActorTruth {
		return this.#world.truth.of(this.key);
	}

	get #sees(): string {
		return JSON.stringify(Object.fromEntries(this.#seen));
	}

	#tick(): void {
		const { clock, sabotage, script } = this.#world;
		if (this.#isLast || this.#isGone) return;
		clock.after(this.#everyMs * (0.5 + clock.random()), () => this.#tick());
		if (this.#waiting.size >= WAITING_MAX) return;
		const isRead = clock.random() < (sabotage.reads ?? READS);
		this.#give(isRead ? script.read : script.draw(this.#world.draw, clock.now()));
	}

	/** The handle was closed for good: after a restore there may be nothing to open for a while. */
	#comeBack(): void {
		this.#world.clock.after(COME_BACK_MS, () => {
			if (!this.#isGone) this.#handle.want();
		});
	}

	#give({ name, args, hasId, writes }: Act): void {
		const requestId = `${writes ? 'does' : 'may'}-${++this.#serial}`;
		this.#waiting.add(`${name} ${requestId}`);
		const answer = this.#handle.run(name, args, hasId ? { requestId } : {});
		const settled = () => this.#waiting.delete(`${name} ${requestId}`);
		answer.then(
			(reply) => {
				settled();
				if (writes && hasId) this.#checkDone(requestId, reply);
			},
			({ code }: NaruError) => {
				settled();
				this.#refused.push(code);
			},
		);
	}

	#checkDone(requestId: string, reply: unknown): void {
		const effect = this.#truth.requests.get(`${this.userId} ${requestId}`);
		if (effect?.reply === JSON.stringify(reply)) return;
		this.#complain(`${requestId} acknowledged with ${JSON.stringify(reply)}, not ${effect?.reply}`);
	}

	#complain(what: string): void {
		this.#world.truth.complain(`${this.userId}: ${what}`);
	}

	#environment(): Environment {
		const { clock } = this.#world;
		return {
			now: () => Math.floor(clock.now()),
			random: () => clock.random(),
			newId: () => clock.randomId(),
			platform: 'simulation',
			setTimeout: (run, ms) => clock.after(ms, run),
			clearTimeout: (cancel) => (cancel as (() => void) | undefined)?.(),
			openSocket: () => this.#openSocket(),
			isNetworkUp: () => true,
			isVisible: () => true,
			watch: (surroundings) => {
				this.#surroundings = surroundings;
				return () => {
					this.#surroundings = undefined;
				};
			},
		};
	}

	#openSocket(): SimulatedSocket {
		const node = this.#world.pickNode();
		if (node === undefined) throw new Error('no node is there');
		const { clock, script } = this.#world;
		const judge = new WireJudge({
			userId: this.userId,
			script,
			truth: () => this.#truth,
			complain: (what) => this.#complain(what),
		});
		this.#socket = new SimulatedSocket({
			clock,
			process: node.process,
			accept: (socket) => node.accept(socket),
			sent: (bytes) => judge.sent(bytes),
			heard: (bytes) => judge.heard(bytes),
		});
		return this.#socket;
	}
}

/** What the generator would write of a contract. */
function tableOf({ kind, commands }: KindContract): KindTable {
	const flags = Object.entries(commands).map(([name, { query, creates, requests }]) => [
		name,
		{
			...(query && { query }),
			...(creates && { creates }),
			...(requests && { requests }),
		},
	]);
	return { kind, style: 'stream', own: false, live: [], commands: Object.fromEntries(flags) };
}
