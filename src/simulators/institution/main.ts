/**
 * The institution simulator as a process: `node src/simulators/institution/main.ts --port 2571`. Started
 * by another process it tells that one its address, and ends with it.
 */
import { parseArgs } from 'node:util';
import { startInstitutionSimulator } from './server.ts';

const { values } = parseArgs({
	options: {
		port: { type: 'string', default: '0' },
		host: { type: 'string', default: '127.0.0.1' },
		/** Somebody looks on: institutions answer at speeds of their own. */
		watched: { type: 'boolean', default: false },
	},
});

const simulator = await startInstitutionSimulator({
	port: Number(values.port),
	host: values.host,
	isWatched: values.watched,
});
process.stdout.write(`institution simulator on ${simulator.url}\n`);
process.on('disconnect', () => process.exit(0));
// Ctrl-C goes to parent and child alike: the parent may have calls under way, and ends this one.
if (process.send !== undefined) process.on('SIGINT', () => {});
process.send?.({ url: simulator.url });
