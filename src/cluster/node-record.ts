import { z } from 'zod';
import type { NodeRecord } from './directory.ts';

/** Raised when an older node could no longer read what a newer one writes. */
const VERSION = 1;

/** What a node tells of itself, with its lease and with each beat. */
export const nodeRecordSchema = z.object({
	id: z.string().min(1).max(64),
	url: z.string().max(2_048),
	pid: z.number(),
	environment: z.string().max(256),
	startedAt: z.number(),
});

/** Without one: written before there was one. */
const storedSchema = nodeRecordSchema.extend({ version: z.literal(VERSION).optional() });

/** As it stands in the directory. */
export const writeNodeRecord = (node: NodeRecord): string =>
	JSON.stringify({ version: VERSION, ...node });

/** `undefined` for what this release does not understand: one bad record must not hide the others. */
export function readNodeRecord(text: string): NodeRecord | undefined {
	try {
		const read = storedSchema.safeParse(JSON.parse(text)).data;
		if (read === undefined) return undefined;
		const { version: _, ...node } = read;
		return node;
	} catch {
		return undefined;
	}
}
