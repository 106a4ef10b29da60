import type { PaymentCall, PaymentResult } from '../../../actors/ticket-event/payment-port.ts';
import { type LedgerRow, PaymentLedger } from '../../../src/simulators/payment/payment-ledger.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { SaleJudge } from './sale-judge.ts';

/** How often what goes wrong between the sale and those who take money, 0 to 1. */
interface PaymentFaults {
	readonly requestLost: number;
	readonly answerLost: number;
	/** It takes effect long behind the time-out: perhaps behind a void. */
	readonly late: number;
	readonly twice: number;
	readonly unsent: number;
	readonly declined: number;
	/** Of a provider, per second. */
	readonly goesDown: number;
}

export const NO_PAYMENT_FAULTS: PaymentFaults = {
	requestLost: 0,
	answerLost: 0,
	late: 0,
	twice: 0,
	unsent: 0,
	declined: 0,
	goesDown: 0,
};

function drawPaymentFaults(clock: VirtualRuntime): PaymentFaults {
	const some = (max: number) => (clock.random() < 0.5 ? 0 : clock.random() * max);
	return {
		requestLost: some(0.2),
		answerLost: some(0.2),
		late: some(0.2),
		twice: some(0.2),
		unsent: some(0.2),
		declined: some(0.3),
		goesDown: some(0.1),
	};
}

type ProviderName = 'pay-a' | 'pay-b';

const TIMEOUT_MS = 2_000;
const WAY_MAX_MS = 300;
const LATE_MAX_MS = 40_000;
const DOWN_MAX_MS = 30_000;

/** Changes what a host is told of a call, or calls more: a sabotage. */
export type Misread = (
	call: PaymentCall,
	result: PaymentResult,
	apply: (call: PaymentCall) => PaymentResult | undefined,
) => PaymentResult;

/** Two payment providers and the ways to them. */
export class SaleProviders {
	faults: PaymentFaults;
	/** This one never answers again. */
	neverAgain: ProviderName | undefined;
	misread: Misread = (_, result) => result;
	readonly #ledgers: Readonly<Record<ProviderName, PaymentLedger>> = {
		'pay-a': new PaymentLedger('pay-a'),
		'pay-b': new PaymentLedger('pay-b'),
	};
	readonly #downUntil: Record<ProviderName, number> = { 'pay-a': 0, 'pay-b': 0 };
	readonly #clock: VirtualRuntime;
	readonly #judge: SaleJudge;

	constructor(clock: VirtualRuntime, judge: SaleJudge) {
		this.#clock = clock;
		this.#judge = judge;
		this.faults = drawPaymentFaults(clock);
	}

	rows(): LedgerRow[] {
		return Object.values(this.#ledgers).flatMap((ledger) => ledger.rows());
	}

	/** Perhaps one goes down for a while. */
	trouble(ms: number): void {
		for (const name of ['pay-a', 'pay-b'] as const) {
			if (this.#clock.random() >= (this.faults.goesDown * ms) / 1_000) continue;
			this.#downUntil[name] = this.#clock.now() + this.#clock.random() * DOWN_MAX_MS;
		}
	}

	heal(): void {
		this.faults = NO_PAYMENT_FAULTS;
		this.#downUntil['pay-a'] = 0;
		this.#downUntil['pay-b'] = 0;
	}

	/** The host's port: resolves with what the host learns, when it learns it. */
	call(call: PaymentCall, process: SimulatedNode): Promise<PaymentResult> {
		this.#judge.called(call);
		const { random } = this;
		const { unsent, requestLost, answerLost, late, twice, declined } = this.faults;
		const wayMs = random() * WAY_MAX_MS;
		if (random() < unsent) return this.#tell(process, wayMs, () => ({ outcome: 'unsent' }));
		const isLate = random() < late;
		const isHeard = !isLate && random() >= answerLost;
		const bank = random() >= declined;
		const result = Promise.withResolvers<PaymentResult | undefined>();
		const arrive = () => result.resolve(this.#arrived(call, bank));
		if (random() >= requestLost) {
			this.#clock.after(isLate ? TIMEOUT_MS + random() * LATE_MAX_MS : wayMs, arrive);
		}
		if (random() < twice) this.#clock.after(wayMs + random() * LATE_MAX_MS, arrive);
		return new Promise((resolve) => {
			this.#clock.after(TIMEOUT_MS, () => this.#hear(process, call, { resolve }));
			result.promise.then((answer) => {
				if (!isHeard || answer === undefined) return;
				this.#clock.after(wayMs, () => this.#hear(process, call, { resolve, answer }));
			});
		});
	}

	readonly random = () => this.#clock.random();

	#hear(
		process: SimulatedNode,
		call: PaymentCall,
		{ resolve, answer = { outcome: 'unknown' } }: Heard,
	): void {
		const apply = (more: PaymentCall) => {
			this.#judge.called(more);
			return this.#arrived(more, true);
		};
		process.enter(() => resolve(this.misread(call, answer, apply)));
	}

	#tell(process: SimulatedNode, ms: number, result: () => PaymentResult): Promise<PaymentResult> {
		return new Promise((resolve) => {
			this.#clock.after(ms, () => process.enter(() => resolve(result())));
		});
	}

	/** It is there; nobody answers where they are down. */
	#arrived(call: PaymentCall, bank: boolean): PaymentResult | undefined {
		const provider = call.provider as ProviderName;
		const isDown = this.#downUntil[provider] > this.#clock.now();
		if (isDown || this.neverAgain === provider) return undefined;
		const ledger = this.#ledgers[provider];
		if (call.op === 'authorise') return ledger.authorise(call, bank);
		return call.op === 'refund' ? ledger.refund(call) : ledger[call.op](call.key);
	}
}

interface Heard {
	readonly resolve: (result: PaymentResult) => void;
	readonly answer?: PaymentResult;
}
