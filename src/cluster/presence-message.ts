/**
 * What nodes say to each other of presence. A node counts its deltas from 1; whoever has heard all up to
 * `seq` knows its users. `beat` and `delta` go to all, `ask` to one node, which answers with the deltas
 * that are missing, or with its whole set in parts.
 */
import { z } from 'zod';
import { pack, unpack } from '../protocol/codec.ts';
import type { NodeId } from './directory.ts';
import type { PresenceEntry, PresenceGone } from './presence-user.ts';

/** Raised when an older node could no longer read what a newer one tells. */
const VERSION = 1;

/** A user at the node that tells it: what there is now, or how the last of it ended. */
export type PresenceChange =
	| { readonly userId: string; readonly entry: PresenceEntry }
	| PresenceGone;

/** A device that logged out, so many milliseconds before the message was sent. */
export interface PresenceLogout {
	readonly userId: string;
	readonly deviceId: string;
	readonly agoMs: number;
}

interface Said {
	readonly changes: readonly PresenceChange[];
	readonly logouts: readonly PresenceLogout[];
}

/** `seq`: of the last delta; of an `ask`, up to where the asker knows the set. */
export type PresenceMessage = {
	readonly node: NodeId;
	/** Of the set that `seq` counts; later ones are larger. */
	readonly generation: number;
	readonly seq: number;
} & (
	| { readonly type: 'beat' | 'ask' }
	| ({ readonly type: 'delta' } & Said)
	/** `snapshot` names the set that the part belongs to; `seq`: its time. */
	| ({
			readonly type: 'part';
			readonly snapshot: number;
			readonly index: number;
			readonly isLast: boolean;
	  } & Said)
);

export type PresenceDelta = Extract<PresenceMessage, { type: 'delta' }>;
export type PresencePart = Extract<PresenceMessage, { type: 'part' }>;

const said = z.tuple([z.int(), z.string(), z.boolean()]).nullable();
const at = z.number().nullable();
const devices = z.array(z.tuple([z.string(), z.boolean()])).min(1);
const ending = z.enum(['silence', 'logout']);

const changes = z.array(
	z.union([
		z.tuple([z.string(), at, devices, said]).transform(
			([userId, lastActiveAt, list, last]): PresenceChange => ({
				userId,
				entry: {
					devices: list,
					said: last === null ? undefined : { n: last[0], by: last[1], away: last[2] },
					lastActiveAt: lastActiveAt ?? undefined,
				},
			}),
		),
		z.tuple([z.string(), at, ending]).transform(
			([userId, lastActiveAt, how]): PresenceChange => ({
				userId,
				ending: how,
				lastActiveAt: lastActiveAt ?? undefined,
			}),
		),
	]),
);
const logouts = z.array(
	z
		.tuple([z.string(), z.string(), z.number()])
		.transform(([userId, deviceId, agoMs]): PresenceLogout => ({ userId, deviceId, agoMs })),
);

const head = {
	version: z.literal(VERSION),
	node: z.string().min(1).max(64),
	generation: z.number(),
	seq: z.int().min(0),
};
const schema = z.discriminatedUnion('type', [
	z.object({ type: z.enum(['beat', 'ask']), ...head }),
	z.object({ type: z.literal('delta'), ...head, changes, logouts }),
	z.object({
		type: z.literal('part'),
		...head,
		snapshot: z.int(),
		index: z.int().min(0),
		isLast: z.boolean(),
		changes,
		logouts,
	}),
]);

export function packPresence(message: PresenceMessage): Uint8Array {
	const wire: Record<string, unknown> = { version: VERSION, ...message };
	if ('changes' in message) {
		wire.changes = message.changes.map(changeToWire);
		wire.logouts = message.logouts.map(({ userId, deviceId, agoMs }) => [userId, deviceId, agoMs]);
	}
	return pack(wire);
}

/** `undefined` for what is no message of this version. */
export function unpackPresence(bytes: Uint8Array): PresenceMessage | undefined {
	try {
		return schema.safeParse(unpack(bytes)).data;
	} catch {
		return undefined;
	}
}

function changeToWire(change: PresenceChange): unknown[] {
	const { userId } = change;
	if ('ending' in change) return [userId, change.lastActiveAt ?? null, change.ending];
	const { devices: list, lastActiveAt, said: last } = change.entry;
	return [userId, lastActiveAt ?? null, list, last ? [last.n, last.by, last.away] : null];
}

/** About how many bytes a change takes in a message; never less. */
export function changeBytes(change: PresenceChange): number {
	const base = change.userId.length + 64;
	if ('ending' in change) return base;
	return change.entry.devices.reduce((bytes, [deviceId]) => bytes + deviceId.length + 8, base + 64);
}
