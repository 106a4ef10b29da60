import type { Log } from '../../core/log.ts';

const LINES_PER_SECOND_MAX = 5;

/**
 * Colyseus's logger on ours: one line for what it would print as a stack, a few a second at most
 * (a hostile client provokes one with every message), and its advice only when debugging.
 */
export function colyseusLog(log: Log, now: () => number = Date.now) {
	let second = 0;
	let lines = 0;
	const complain = (...parts: readonly unknown[]) => {
		const present = Math.floor(now() / 1_000);
		if (present !== second) {
			if (lines > LINES_PER_SECOND_MAX) {
				log.warn({ left: lines - LINES_PER_SECOND_MAX }, 'complaints of Colyseus left out');
			}
			second = present;
			lines = 0;
		}
		if (++lines > LINES_PER_SECOND_MAX) return;
		// The first line only: what follows may quote a client's message.
		const said = String(parts[0]).split('\n', 1)[0] ?? '';
		log.warn({ said: said.slice(0, 200) }, 'Colyseus complains');
	};
	const mention = (...parts: readonly unknown[]) =>
		log.debug({ said: String(parts[0]).slice(0, 200) }, 'Colyseus says');
	return { error: complain, warn: complain, info: mention, debug: mention, trace: mention };
}
