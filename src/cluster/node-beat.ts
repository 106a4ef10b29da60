import { z } from 'zod';
import { pack, unpack } from '../protocol/codec.ts';
import { nodeRecordSchema } from './node-record.ts';

/** Raised when an older node could no longer read what a newer one tells. */
const VERSION = 1;

const schema = z.object({
	version: z.literal(VERSION),
	node: nodeRecordSchema,
	state: z.enum(['up', 'draining']),
	load: z.object({
		sockets: z.number(),
		actors: z.number(),
		loopDelayMs: z.number(),
		overloaded: z.boolean(),
	}),
	/** Whether the directory did not answer this node when it was asked last. */
	directoryAway: z.boolean(),
	/** By shard of the store: how long ago it answered, and whether calls since then got no answer. */
	stores: z
		.array(z.object({ answeredMs: z.number(), isAway: z.boolean() }))
		.max(64)
		.optional(),
});

/** What a node tells all others over the relay, twice a second and when it has changed. */
export type NodeBeat = Omit<z.infer<typeof schema>, 'version'>;

export const packBeat = (beat: NodeBeat): Uint8Array => pack({ version: VERSION, ...beat });

/** `undefined` for what is no beat of this version. */
export function unpackBeat(bytes: Uint8Array): NodeBeat | undefined {
	try {
		return schema.safeParse(unpack(bytes)).data;
	} catch {
		return undefined;
	}
}
