import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LedgerRow } from '../../../src/simulators/payment/payment-ledger.ts';

const SIMULATOR = fileURLToPath(
	new URL('../../../src/simulators/payment/main.ts', import.meta.url),
);

/** The payment simulator in a process of its own. */
export class SimulatedPayments implements Disposable {
	readonly #process: ChildProcess;
	readonly url: string;

	private constructor(process: ChildProcess, url: string) {
		this.#process = process;
		this.url = url;
	}

	static async start(): Promise<SimulatedPayments> {
		const simulator = fork(SIMULATOR, [], {
			stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
			execArgv: ['--disable-warning=ExperimentalWarning'],
		});
		const [{ url }] = (await once(simulator, 'message')) as [{ url: string }];
		return new SimulatedPayments(simulator, url);
	}

	/** What was taken by order, in minor units; an order that was charged twice has both. */
	async captured(): Promise<ReadonlyMap<string, number>> {
		const rows = (await (await fetch(`${this.url}/ledger`)).json()) as readonly LedgerRow[];
		const sums = new Map<string, number>();
		for (const { orderId, captured } of rows) {
			if (captured > 0) sums.set(orderId, (sums.get(orderId) ?? 0) + captured);
		}
		return sums;
	}

	[Symbol.dispose](): void {
		this.#process.kill();
	}
}
