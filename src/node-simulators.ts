/** Composition of the simulators that are started along with a node, each in a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import type { OutsideConfig, Simulator } from './config.ts';

const START_MS_MAX = 20_000;

const MAIN: Readonly<Record<Simulator, URL>> = {
	payment: new URL('./simulators/payment/main.ts', import.meta.url),
	institutions: new URL('./simulators/institution/main.ts', import.meta.url),
};
/** Beside a node somebody looks on: steps that are over at once are not seen. */
const MORE: Readonly<Record<Simulator, readonly string[]>> = {
	payment: [],
	institutions: ['--watched'],
};

/** A simulator that could not be started; the message says which and why. */
export class SimulatorError extends Error {
	override readonly name = 'SimulatorError';
}

export interface Simulators {
	readonly paymentUrl?: string;
	readonly institutionsUrl?: string;
	/** Ends them; they also end when this process does, however that is. */
	close(): void;
}

/** Starts what the settings name; rejects with a {@link SimulatorError} when one does not come up. */
export async function startSimulators(
	{ simulators }: OutsideConfig,
	host: string,
): Promise<Simulators> {
	const children: ChildProcess[] = [];
	const close = () => {
		for (const child of children) if (child.connected) child.disconnect();
	};
	try {
		const started = simulators.map(async ({ name, port }) => {
			const child = fork(MAIN[name], ['--port', String(port), '--host', host, ...MORE[name]], {
				stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
			});
			children.push(child);
			return [`${name}Url`, await urlOf(child, name, port)] as const;
		});
		return { ...Object.fromEntries(await Promise.all(started)), close };
	} catch (error) {
		close();
		throw error;
	}
}

/** The simulator says where it is once it listens: `{ url }`. */
function urlOf(child: ChildProcess, name: Simulator, port: number): Promise<string> {
	return new Promise((resolve, reject) => {
		const fail = (why: string) => {
			const how = port === 0 ? '' : `, set ${PORT_NAME[name]}`;
			reject(new SimulatorError(`the simulator of ${name} ${why}${how}, or set SIMULATORS=off`));
		};
		const timer = setTimeout(() => fail('did not start in time'), START_MS_MAX);
		child.once('exit', (code) => fail(`has ended with ${code}`));
		child.once('error', (error) => fail(`could not be started (${error.message})`));
		child.once('message', (message) => {
			clearTimeout(timer);
			resolve((message as { url: string }).url);
		});
		child.channel?.unref();
		child.unref();
	});
}

const PORT_NAME: Readonly<Record<Simulator, string>> = {
	payment: 'PAYMENT_PORT',
	institutions: 'INSTITUTIONS_PORT',
};
