import { type DestinationStream, type LoggerOptions, pino } from 'pino';
import type { Log } from '../core/log.ts';

/** Never written, wherever they stand in the first two levels of a line. */
const SENSITIVE = ['token', 'authorization', 'cookie', 'secret', 'password', 'text', 'data'];

export interface LogOptions {
	/** pino's name of a level, `silent` included. */
	readonly level: string;
	/** For people: takes effect at a terminal, and where pino-pretty is installed. */
	readonly pretty?: boolean;
	/** Where lines go; standard output when absent. */
	readonly destination?: DestinationStream;
}

/** A structured log: one JSON object a line, without tokens and texts. */
export async function createLog(options: LogOptions): Promise<Log> {
	const settings: LoggerOptions = {
		level: options.level,
		base: null,
		redact: {
			paths: SENSITIVE.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
			censor: '[hidden]',
		},
		formatters: { level: (label) => ({ level: label }) },
		timestamp: () => `,"time":"${new Date().toISOString()}"`,
	};
	const destination =
		options.destination ?? (await prettyStream(options.pretty === true && process.stdout.isTTY));
	return destination === undefined ? pino(settings) : pino(settings, destination);
}

async function prettyStream(wanted: boolean): Promise<DestinationStream | undefined> {
	if (!wanted) return undefined;
	try {
		const { default: pretty } = await import('pino-pretty');
		return pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
	} catch {
		// A development dependency: a production install goes without.
		return undefined;
	}
}
