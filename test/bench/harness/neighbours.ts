import { cpus } from 'node:os';
import { ServerProcess } from './server-process.ts';

/** Share of the machine from which on its figures are not worth much. */
const LOUD = 0.1;

function machineMicros(): { busy: number; all: number } {
	let busy = 0;
	let all = 0;
	for (const { times } of cpus()) {
		const total = times.user + times.nice + times.sys + times.irq + times.idle;
		all += total * 1_000;
		busy += (total - times.idle) * 1_000;
	}
	return { busy, all };
}

function ownMicros(): number {
	const { user, system } = process.cpuUsage();
	return user + system + ServerProcess.cpuMicrosEnded;
}

/** Watches what others do on this machine; the answer is a warning when it was much. */
export function watchNeighbours(): () => string | undefined {
	const machine = machineMicros();
	const own = ownMicros();
	return () => {
		const { busy, all } = machineMicros();
		const others = busy - machine.busy - (ownMicros() - own);
		const share = others / (all - machine.all);
		if (share < LOUD) return undefined;
		const percent = Math.round(share * 100);
		return `others used ${percent} % of this machine meanwhile: take these figures as rough`;
	};
}
