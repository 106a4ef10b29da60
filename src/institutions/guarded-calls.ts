import { Bulkhead, type Place } from '../core/bulkhead.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { ErrorCode, Refusal } from '../protocol/errors.ts';
import type { CallHistory } from './call-history.ts';
import type {
	CallClass,
	CallRequest,
	CircuitGate,
	InstitutionCalls,
	InstitutionTransport,
	Lane,
	OutsideAnswer,
	PermitGate,
} from './ports.ts';
import type { InstitutionSettings, Institutions } from './settings.ts';
import { transactionIds } from './transaction-ids.ts';
import { UserLimits } from './user-limits.ts';

/** For a place in the lane and for a permit together. */
const WAIT_MS_MAX: Readonly<Record<Lane, number>> = { online: 5_000, batch: 5_000 };
const BUSY_RETRY_MS = 1_000;

type Refused = { readonly ok: false } & Refusal;
type Answered = { readonly ok: true; readonly transactionId: string } & OutsideAnswer;

/** One institution's part of this node. */
interface Ward {
	readonly settings: InstitutionSettings;
	readonly lanes: Readonly<Record<Lane, Bulkhead>>;
	/** Since the start. */
	readonly answers: Map<CallClass, number>;
	readonly refusals: Map<ErrorCode, number>;
	readonly permits: { taken: number; refused: number };
}

/** What became of the calls to one institution since the start of this node. */
export interface CallCounts extends Omit<Ward, 'settings' | 'lanes'> {
	readonly institution: string;
}

const countOne = <K>(counts: Map<K, number>, key: K) => counts.set(key, (counts.get(key) ?? 0) + 1);

export interface GuardedCallsOptions {
	readonly institutions: Institutions;
	readonly transport: InstitutionTransport;
	readonly circuit: CircuitGate;
	readonly permits: PermitGate;
	readonly history: Pick<CallHistory, 'record'>;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly node: string;
	readonly waitMsMax?: Readonly<Record<Lane, number>>;
}

/** What a lane holds, for boards. */
export interface LaneFigures {
	readonly institution: string;
	readonly lane: Lane;
	readonly inFlight: number;
	readonly waiting: number;
}

/**
 * Calls to institutions, with all that keeps us from hurting them and them from hurting us. In order:
 * the circuit (I12), the user's limit (I6), a place in the lane (I24), a permit (I22), the call itself;
 * then what became of it is told to the circuit and recorded (I5). Nothing of it asks another node.
 */
class GuardedCalls implements InstitutionCalls {
	readonly #options: GuardedCallsOptions;
	readonly #wards: ReadonlyMap<string, Ward>;
	readonly #limits: UserLimits;
	readonly #newId: () => string;
	readonly #waitMsMax: Readonly<Record<Lane, number>>;
	#closed = false;

	constructor(options: GuardedCallsOptions) {
		this.#options = options;
		this.#waitMsMax = options.waitMsMax ?? WAIT_MS_MAX;
		this.#wards = new Map(
			options.institutions.all.map((settings) => {
				const { online, batch } = settings.lanes;
				const lanes = { online: new Bulkhead(online), batch: new Bulkhead(batch) };
				const counts = {
					answers: new Map(),
					refusals: new Map(),
					permits: { taken: 0, refused: 0 },
				};
				return [settings.id, { settings, lanes, ...counts }];
			}),
		);
		this.#limits = new UserLimits(options.institutions);
		this.#newId = transactionIds(options.node, options.runtime);
	}

	async call(request: CallRequest): Promise<Answered | Refused> {
		const ward = this.#wards.get(request.institution);
		if (ward === undefined)
			return { ok: false, code: 'NOT_FOUND', message: 'there is no such institution' };
		const answer = await this.#guarded(request, ward);
		if (answer.ok) countOne(ward.answers, answer.class);
		else countOne(ward.refusals, answer.code);
		return answer;
	}

	async #guarded(request: CallRequest, ward: Ward): Promise<Answered | Refused> {
		const { circuit, permits, runtime } = this.#options;
		if (this.#closed) return closing;
		const admitted = circuit.admit(request.institution);
		if (!admitted.ok) return admitted;
		const generation = circuit.generation(request.institution);
		const since = runtime.monotonic();
		const waitMs = this.#limits.take(request.institution, request.userId, since);
		if (waitMs > 0) return tooOften(waitMs);
		const bulkhead = ward.lanes[request.lane];
		const place = bulkhead.take();
		if (place === undefined) return busy;
		try {
			// A timer for each call would cost more than all the rest.
			const isIn = bulkhead.waiting === 0 || (await this.#entered(request.lane, place));
			if (!isIn) return this.#closed ? closing : busy;
			const leftMs = this.#waitMsMax[request.lane] - (runtime.monotonic() - since);
			const permit = await permits.take(request.institution, request.lane, Math.max(0, leftMs));
			ward.permits[permit.ok ? 'taken' : 'refused']++;
			if (!permit.ok) return permit;
			// The circuit has turned while this waited.
			if (circuit.generation(request.institution) !== generation) {
				const again = circuit.admit(request.institution);
				if (!again.ok) return again;
			}
			if (request.isWanted?.() === false) return unwanted;
			return await this.#go(request, ward.settings);
		} finally {
			place.leave();
		}
	}

	/** Sends away what waits for a place; calls under way end by themselves. */
	close(): void {
		this.#closed = true;
		for (const { lanes } of this.#wards.values())
			for (const lane of Object.values(lanes)) lane.refuseWaiting();
	}

	figures(): LaneFigures[] {
		return [...this.#wards].flatMap(([institution, { lanes }]) =>
			(['online', 'batch'] as const).map((lane) => {
				const { inFlight, waiting } = lanes[lane];
				return { institution, lane, inFlight, waiting };
			}),
		);
	}

	counts(): CallCounts[] {
		return [...this.#wards].map(([institution, { answers, refusals, permits }]) => ({
			institution,
			answers,
			refusals,
			permits,
		}));
	}

	/** Waits for the place; `false`: in vain. */
	async #entered(lane: Lane, place: Place): Promise<boolean> {
		const cancel = this.#options.runtime.after(this.#waitMsMax[lane], () => place.leave());
		const isGranted = await place.granted;
		cancel();
		return isGranted;
	}

	async #go(request: CallRequest, settings: InstitutionSettings): Promise<Answered | Refused> {
		const { circuit, history, log, node, runtime, transport } = this.#options;
		const { institution, api, lane, userId } = request;
		const transactionId = request.transactionId ?? this.#newId();
		const at = runtime.now();
		const since = runtime.monotonic();
		const route = circuit.route(institution);
		let answer: OutsideAnswer;
		try {
			answer = await transport.call({ ...request, settings, route, transactionId });
		} catch (error) {
			// A mistake of ours says nothing about the institution.
			log.error({ err: error, institution, api }, 'a call to an institution went wrong');
			return { ok: false, code: 'INTERNAL' };
		}
		const ms = runtime.monotonic() - since;
		circuit.report(institution, { class: answer.class, ageMs: ms });
		history.record({
			institution,
			api,
			lane,
			userId,
			transactionId,
			class: answer.class,
			status: answer.status,
			at,
			ms: Math.round(ms),
			node,
		});
		return { ok: true, transactionId, ...answer };
	}
}

const closing: Refused = { ok: false, code: 'UNAVAILABLE', message: 'this node stops' };
const unwanted: Refused = {
	ok: false,
	code: 'EXPIRED',
	message: 'nobody wants this call any more',
};
const busy: Refused = {
	ok: false,
	code: 'BUSY',
	message: 'too many calls to this institution wait already',
	retryAfterMs: BUSY_RETRY_MS,
};
const tooOften = (waitMs: number): Refused => ({
	ok: false,
	code: 'RATE_LIMITED',
	message: 'too many calls of this user to this institution',
	retryAfterMs: waitMs,
});

/** The calls of this node. They never reject; `close` sends away what waits. */
export function createGuardedCalls(
	options: GuardedCallsOptions,
): InstitutionCalls & { close(): void; figures(): LaneFigures[]; counts(): CallCounts[] } {
	return new GuardedCalls(options);
}
