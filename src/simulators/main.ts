/** `npm run simulators`: both simulators alone, for nodes that are started elsewhere. */
import { ConfigError, readConfig, type Simulator } from '../config.ts';
import { startInstitutionSimulator } from './institution/server.ts';
import { startPaymentSimulator } from './payment/server.ts';

const PORTS: Readonly<Record<Simulator, number>> = { payment: 2570, institutions: 2571 };

/** The port that the settings name, else the usual one. */
function portOf(name: Simulator): number {
	const { simulators } = readConfig().outside;
	return simulators.find((simulator) => simulator.name === name)?.port || PORTS[name];
}

/** Starts both; rejects when a port is taken. */
async function start(): Promise<string[]> {
	const { host } = readConfig();
	const started = await Promise.all([
		startPaymentSimulator({ port: portOf('payment'), host }),
		startInstitutionSimulator({ port: portOf('institutions'), host, isWatched: true }),
	]);
	return started.map(({ url }) => url);
}

process.on('disconnect', () => process.exit(0));
try {
	const [payment, institutions] = await start();
	process.stdout.write(
		`payment:      PAYMENT_URL=${payment}\ninstitutions: INSTITUTIONS_URL=${institutions}\nready\n`,
	);
} catch (error) {
	const isKnown = error instanceof ConfigError || (error as { code?: string }).code !== undefined;
	if (!isKnown) throw error;
	process.stderr.write(`simulators: ${(error as Error).message}\n`);
	process.exit(1);
}
