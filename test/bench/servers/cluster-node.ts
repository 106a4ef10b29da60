import { readConfig } from '../../../src/config.ts';
import type { Log } from '../../../src/core/log.ts';
import { createLog } from '../../../src/ops/log.ts';
import { startServer } from '../../../src/server.ts';
import type { CircuitTurn } from '../harness/control.ts';
import { serve } from '../harness/serve.ts';

/** A log that also keeps how circuits turn: the line comes in the very moment. */
function keepingTurns(log: Log): { readonly log: Log; readonly turns: readonly CircuitTurn[] } {
	const turns: CircuitTurn[] = [];
	const warn: Log['warn'] = (fields, message) => {
		if (message === 'a circuit has turned') {
			const { institution, circuit } = fields as Record<string, unknown>;
			turns.push({ institution: String(institution), circuit: String(circuit), at: Date.now() });
		}
		log.warn(fields, message);
	};
	const kept: Log = {
		debug: (...line) => log.debug(...line),
		info: (...line) => log.info(...line),
		warn,
		error: (...line) => log.error(...line),
	};
	return { log: kept, turns };
}

/** One of several nodes, as production composes it; `env` holds its settings. */
await serve(async ({ env }: { readonly env: Readonly<Record<string, string>> }) => {
	const config = readConfig(env);
	const { log, turns } = keepingTurns(await createLog({ level: config.logLevel, pretty: false }));
	const server = await startServer({ config, log });
	return { url: server.url, turns: () => turns, stop: () => server.close() };
});
