import type { Runtime } from '../core/runtime.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { Gate } from '../protocol/institution-nodes.ts';
import { CallTally } from './call-tally.ts';
import type { CircuitGate } from './ports.ts';

type Admission = { readonly ok: true } | ({ readonly ok: false } & Refusal);

const ADMITTED: Admission = { ok: true };
/** A call that has to wait for its permit asks again behind that: the same try. */
const LOOKS_MAX = 2;
/** When nothing is expected, or not come true yet. */
const RETRY_MS = 10_000;
const RETRY_MS_MIN = 1_000;

/** Before anything was heard of it, calls go: a new node knows nothing against an institution. */
const UNKNOWN: Gate = {
	generation: 0,
	version: 0,
	circuit: 'closed',
	percent: 100,
	canaries: [],
	badNodes: [],
	route: 0,
	probeMs: 0,
	permits: 0,
};

/** One institution's circuit on this node. */
export class Circuit {
	readonly tally = new CallTally();
	gate: Gate = UNKNOWN;
	/** Whether every call may go: the one look of the usual case. */
	isClosed = true;
	isCanary = false;
	/** How often the present try of the canary may still ask. */
	looks = 0;
	/** Monotonic milliseconds from which on it may try again, and of the expected return. */
	probeAt = 0;
	expectedAt = 0;
	/** When the present generation was heard of here. */
	#turnedAt = 0;
	#generationBefore = 0;

	/** Takes a gate over unless it has a newer one; answers whether it was news. */
	take(gate: Gate, node: string, now: number): boolean {
		if (gate.version <= this.gate.version) return false;
		if (gate.generation !== this.gate.generation) {
			// Calls under way began under the one before.
			this.#generationBefore = this.gate.generation;
			this.#turnedAt = this.gate.version === 0 ? Number.NEGATIVE_INFINITY : now;
		}
		const wasCanary = this.isCanary;
		this.gate = gate;
		this.isClosed = gate.circuit === 'closed' || gate.circuit === 'forced-closed';
		this.isCanary = gate.circuit === 'open' && gate.canaries.includes(node);
		if (this.isCanary && !wasCanary) this.probeAt = now;
		this.expectedAt = gate.expectedInMs === undefined ? 0 : now + gate.expectedInMs;
		return true;
	}

	/** Under which generation a call went that began at `since`. */
	generationAt(since: number): number {
		return since < this.#turnedAt ? this.#generationBefore : this.gate.generation;
	}
}

/** The circuits of this node: what it last heard of each, without asking anybody (I12, I14). */
export class Circuits implements CircuitGate {
	readonly #runtime: Runtime;
	readonly #circuits: ReadonlyMap<string, Circuit>;

	constructor(institutions: readonly string[], runtime: Runtime) {
		this.#runtime = runtime;
		this.#circuits = new Map(institutions.map((id) => [id, new Circuit()]));
	}

	of(institution: string): Circuit | undefined {
		return this.#circuits.get(institution);
	}

	admit(institution: string): Admission {
		const circuit = this.#circuits.get(institution);
		if (circuit === undefined || circuit.isClosed) return ADMITTED;
		return this.#mayPass(circuit) ? ADMITTED : this.#refusal(circuit);
	}

	report(institution: string, { class: kind, ageMs }: Parameters<CircuitGate['report']>[1]): void {
		const circuit = this.#circuits.get(institution);
		if (circuit === undefined) return;
		const now = this.#runtime.monotonic();
		const since = now - Math.max(0, ageMs);
		circuit.tally.count(circuit.generationAt(since), since, { now, kind });
	}

	generation(institution: string): number {
		return this.#circuits.get(institution)?.gate.generation ?? 0;
	}

	route(institution: string): number {
		return this.#circuits.get(institution)?.gate.route ?? 0;
	}

	#mayPass(circuit: Circuit): boolean {
		const { gate } = circuit;
		if (gate.circuit === 'recovering') return this.#runtime.random() * 100 < gate.percent;
		const now = this.#runtime.monotonic();
		if (!circuit.isCanary) return false;
		if (now >= circuit.probeAt) {
			circuit.probeAt = now + gate.probeMs;
			circuit.looks = LOOKS_MAX;
		}
		return circuit.looks-- > 0;
	}

	#refusal({ expectedAt }: Circuit): Admission {
		const leftMs = expectedAt - this.#runtime.monotonic();
		return {
			ok: false,
			code: 'MAINTENANCE',
			message: 'calls to this institution rest until it answers well again',
			retryAfterMs: leftMs > 0 ? Math.max(RETRY_MS_MIN, Math.ceil(leftMs)) : RETRY_MS,
		};
	}
}
