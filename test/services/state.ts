import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CACHE } from './cache.ts';

const startedSchema = z.object({
	name: z.string(),
	pid: z.number(),
	startTime: z.string(),
	stopSignal: z.enum(['SIGTERM', 'SIGINT']),
});

const stateSchema = z.object({
	/** What runs the servers. */
	by: z.enum(['debian', 'docker']),
	/** Kept when they stop, so that the next start takes the same if they are free. */
	ports: z.record(z.string(), z.number()),
	processes: z.array(startedSchema),
});

export type ServicesState = z.infer<typeof stateSchema>;

const FILE = join(CACHE, 'state.json');

/** What the last start or stop left; `undefined` when there was none, or of another version. */
export function readState(): ServicesState | undefined {
	try {
		return stateSchema.parse(JSON.parse(readFileSync(FILE, 'utf8')));
	} catch {
		return undefined;
	}
}

export function writeState(state: ServicesState): void {
	writeFileSync(`${FILE}.new`, `${JSON.stringify(state, null, '\t')}\n`);
	renameSync(`${FILE}.new`, FILE);
}
