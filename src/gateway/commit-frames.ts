import { type DataMessage, dataMessages } from './data-message.ts';
import type { PackedTold, RingEntry } from './stream-ring.ts';

/** What some of the subscribers get of one commit. */
export interface Framed {
	readonly messages: readonly DataMessage[];
	/** Their right to hear ends with these messages. */
	readonly revoked: boolean;
}

export interface CommitFrames {
	/** For everybody who is not named in `personal`. */
	readonly common: Framed;
	readonly personal: ReadonlyMap<string, Framed>;
}

export interface FrameOptions {
	readonly down: number;
	/** The writer before this commit. */
	readonly writerBefore: string;
	/** Whether anybody listens under this user id. */
	listens(userId: string): boolean;
}

interface Personal {
	/** Indexes of the events that are for this user by name. */
	readonly own: number[];
	/** Index of the event that ends the user's right. */
	until: number;
}

const NOTHING: Framed = { messages: [], revoked: false };

/**
 * Frames a commit once per group of users who may hear the same of it. Most commits have one group; a
 * user who is named by an audience or a revocation gets a frame with just that. A revocation ends a
 * frame: what follows is not in it.
 */
export function frameCommit(entry: RingEntry, options: FrameOptions): CommitFrames {
	const isPlain = entry.told.length > 0 && entry.told.every(isForAll);
	return isPlain ? frameForAll(entry, options) : frameByUser(entry, options);
}

function frameByUser(entry: RingEntry, options: FrameOptions): CommitFrames {
	const common: number[] = [];
	const named = new Map<string, Personal>();
	const end = findEnd(entry);
	for (let index = 0; index <= end; index++) {
		const { audience, revoked } = entry.told[index] as PackedTold;
		if (audience === 'all') common.push(index);
		else for (const userId of audience) personalOf(named, userId, options)?.own.push(index);
		if (revoked === undefined || revoked === 'all') continue;
		for (const userId of revoked) {
			const personal = personalOf(named, userId, options);
			if (personal !== undefined) personal.until = Math.min(personal.until, index);
		}
	}
	const frame = framer(entry, options);
	const everybodyRevoked = entry.told[end]?.revoked === 'all';
	const personal = new Map<string, Framed>();
	for (const [userId, { own, until }] of named) {
		const indexes = merge(common, own, until);
		const revoked = until <= end || everybodyRevoked;
		personal.set(userId, { messages: frame(indexes, revoked), revoked });
	}
	return {
		common: { messages: frame(common, everybodyRevoked), revoked: everybodyRevoked },
		personal: personal.size === 0 ? NOBODY : personal,
	};
}

const NOBODY: ReadonlyMap<string, Framed> = new Map();

const isForAll = ({ audience, revoked }: PackedTold) => audience === 'all' && revoked === undefined;

/** What most commits are: the same for everybody. */
function frameForAll(entry: RingEntry, { down, writerBefore }: FrameOptions): CommitFrames {
	const { position, told } = entry;
	const writer = entry.writer === writerBefore ? undefined : entry.writer;
	const messages = dataMessages(told, { down, position, writer });
	return { common: { messages, revoked: false }, personal: NOBODY };
}

/** The last event that anybody hears: what ends every right, or the last. */
function findEnd({ told }: RingEntry): number {
	const index = told.findIndex(({ revoked }) => revoked === 'all');
	return index === -1 ? told.length - 1 : index;
}

function personalOf(named: Map<string, Personal>, userId: string, { listens }: FrameOptions) {
	const known = named.get(userId);
	if (known !== undefined || !listens(userId)) return known;
	const fresh = { own: [], until: Number.POSITIVE_INFINITY };
	named.set(userId, fresh);
	return fresh;
}

/** Both lists in order, up to `until`. */
function merge(common: readonly number[], own: readonly number[], until: number): number[] {
	const merged: number[] = [];
	let other = 0;
	for (const index of common) {
		while (other < own.length && (own[other] as number) < index)
			merged.push(own[other++] as number);
		merged.push(index);
	}
	while (other < own.length) merged.push(own[other++] as number);
	return until === Number.POSITIVE_INFINITY ? merged : merged.filter((index) => index <= until);
}

/** Makes messages of chosen events, the same for the same choice. */
function framer(entry: RingEntry, { down, writerBefore }: FrameOptions) {
	const made = new Map<string, readonly DataMessage[]>();
	const writer = entry.writer === writerBefore ? undefined : entry.writer;
	return (indexes: readonly number[], revoked: boolean): readonly DataMessage[] => {
		// A new writer is told to everybody: the next frame would not name it again.
		if (indexes.length === 0 && writer === undefined) return NOTHING.messages;
		const slices = indexes.map((index) => entry.told[index] as PackedTold);
		const position = revoked ? (slices.at(-1)?.position ?? entry.position) : entry.position;
		const name = `${position}:${indexes.join()}`;
		const known = made.get(name);
		if (known !== undefined) return known;
		const messages = dataMessages(slices, { down, position, writer });
		made.set(name, messages);
		return messages;
	};
}
