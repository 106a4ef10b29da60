import type { Caller } from '../core/actor-kind.ts';
import type { ActorPort } from '../core/actor-port.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { InstitutionInfo, InstitutionRules } from '../protocol/institution.ts';
import type { Gate, Permits } from '../protocol/institution-nodes.ts';
import { ActorClock } from './actor-clock.ts';
import { type Circuit, Circuits } from './circuit-gate.ts';
import { CircuitReporter } from './circuit-reporter.ts';
import { InstitutionLink } from './institution-link.ts';
import { Permissions } from './permit-gate.ts';
import type { CircuitGate, PermitGate } from './ports.ts';
import type { InstitutionSettings } from './settings.ts';

const TICK_MS = 100;

export interface InstitutionWatchOptions {
	readonly actors: ActorPort;
	readonly runtime: Runtime;
	readonly log: Log;
	/** This node's number: they count up with the age of nodes. */
	readonly node: string;
	readonly institutions: { readonly all: readonly WatchedInstitution[] };
}

export type WatchedInstitution = Pick<
	InstitutionSettings,
	'id' | 'name' | 'industry' | 'ratePerSecond' | 'baseUrls' | 'breaker'
>;

/** What a node knows of all institutions, without asking anybody when a call is to go. */
export interface InstitutionWatch {
	readonly circuit: CircuitGate;
	readonly permits: PermitGate & Pick<Permissions, 'figures'>;
	/** How each shows to everybody, as far as it was heard: before that as it is when nothing is wrong. */
	infos(): readonly InstitutionInfo[];
	/** What all nodes together may call it in a second at present; absent before it was heard. */
	perSecond(institution: string): number | undefined;
	/** Gives permits back and hears no more. */
	close(): void;
}

const rulesOf = ({
	name,
	industry,
	ratePerSecond,
	baseUrls,
	breaker,
}: WatchedInstitution): InstitutionRules => {
	const { failureRate, callsMin, goodMs, stepMs, expectedMs } = breaker;
	return {
		...{ name, industry, ratePerSecond, routes: baseUrls.length },
		breaker: { failureRate, callsMin, goodMs, stepMs, expectedMs },
	};
};

const unheard = ({ id, name, industry }: WatchedInstitution, since: number): InstitutionInfo => ({
	...{ id, name, industry, since },
	circuit: 'closed',
	health: 'HEALTHY',
	percent: 100,
	calls: 0,
	failureRate: 0,
});

/** One institution as this node sees it. */
interface Watched {
	readonly link: InstitutionLink;
	readonly reporter: CircuitReporter;
}

class Watch implements InstitutionWatch {
	readonly circuit: Circuits;
	readonly permits: Permissions;
	readonly #options: InstitutionWatchOptions;
	readonly #incarnation: string;
	readonly #watched = new Map<string, Watched>();
	readonly #infos: Map<string, InstitutionInfo>;
	/** Without permits no call goes to an institution whose circuit was not heard of yet (I13). */
	readonly #asks = new Map<string, () => void>();
	#cancel = () => {};

	constructor(options: InstitutionWatchOptions) {
		const { runtime, institutions, log } = options;
		const ids = institutions.all.map(({ id }) => id);
		this.#options = options;
		this.#incarnation = runtime.randomId();
		this.circuit = new Circuits(ids, runtime);
		this.permits = new Permissions({
			...{ institutions: ids, incarnation: this.#incarnation, runtime, log },
			ask: (institution, request, answer) => {
				const ask = () =>
					this.#watched
						.get(institution)
						?.link.command('permits', request, (answered) =>
							answer(answered.ok ? (answered.reply as Permits) : undefined),
						);
				if (this.#isHeard(institution)) ask();
				else this.#asks.set(institution, ask);
			},
		});
		this.#infos = new Map(institutions.all.map((one) => [one.id, unheard(one, runtime.now())]));
		for (const institution of institutions.all) this.#watch(institution);
		if (institutions.all.length > 0) this.#tickLater();
	}

	infos(): readonly InstitutionInfo[] {
		return [...this.#infos.values()];
	}

	perSecond(institution: string): number | undefined {
		return this.circuit.of(institution)?.gate.perSecond;
	}

	close(): void {
		this.#cancel();
		this.permits.close();
		for (const { link } of this.#watched.values()) link.stop();
	}

	#isHeard(institution: string): boolean {
		return (this.circuit.of(institution)?.gate.version ?? 0) > 0;
	}

	#watch(institution: WatchedInstitution): void {
		const { actors, runtime, log, node } = this.#options;
		const { id } = institution;
		const circuit = this.circuit.of(id) as Circuit;
		const caller: Caller = { userId: node, roles: ['system'] };
		const link = new InstitutionLink({
			...{ id, rules: rulesOf(institution), caller, actors, runtime, log },
			gate: (gate) => this.#take(id, gate),
			info: (info) => void this.#infos.set(id, info),
			opened: () => this.permits.moved(id),
		});
		const reporter = new CircuitReporter({
			...{ circuit, runtime, incarnation: this.#incarnation, clock: new ActorClock() },
			send: (report, answer) => link.command('report', report, answer),
			gate: (gate) => this.#take(id, gate),
		});
		this.#watched.set(id, { link, reporter });
	}

	#take(id: string, gate: Gate): void {
		const { node, runtime, log } = this.#options;
		const circuit = this.circuit.of(id) as Circuit;
		const before = circuit.gate;
		if (!circuit.take(gate, node, runtime.monotonic())) return;
		this.#asks.get(id)?.();
		this.#asks.delete(id);
		const isSame = before.permits === gate.permits && before.perSecond === gate.perSecond;
		if (!isSame && before.version > 0) this.permits.changed(id);
		const now = { institution: id, circuit: gate.circuit, percent: gate.percent };
		if (gate.circuit !== before.circuit) log.warn(now, 'a circuit has turned');
		else if (gate.badNodes.join() !== before.badNodes.join()) {
			log.warn({ ...now, nodes: gate.badNodes }, 'calls fail from these nodes only');
		}
	}

	#tickLater(): void {
		this.#cancel = this.#options.runtime.after(TICK_MS, () => {
			this.permits.tick();
			for (const { reporter } of this.#watched.values()) reporter.tick();
			this.#tickLater();
		});
	}
}

/** Begins to watch all institutions from this node. */
export const openInstitutionWatch = (options: InstitutionWatchOptions): InstitutionWatch =>
	new Watch(options);
