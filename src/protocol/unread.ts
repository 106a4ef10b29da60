import { UNREAD_MAX } from './channel.ts';

/**
 * Deleted messages are remembered among the last this many of a channel. A count is exact whenever
 * the marker is among them, or 1,000 of them still stand.
 */
export const DELETED_WINDOW = 4_000;

/** How many of the ascending `seqs` come behind `marker`. */
function countBehind(seqs: readonly number[], marker: number): number {
	let low = 0;
	let high = seqs.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((seqs[middle] ?? 0) <= marker) low = middle + 1;
		else high = middle;
	}
	return seqs.length - low;
}

/**
 * Unread messages behind a marker: never counted up, always derived (C8). A member's own messages are
 * never behind the own marker. 1,000 stands for more than 999.
 *
 * @param deleted seqs of deleted messages, ascending
 */
export function countUnread(lastSeq: number, deleted: readonly number[], marker: number): number {
	const unread = lastSeq - marker - countBehind(deleted, marker);
	return Math.min(Math.max(unread, 0), UNREAD_MAX + 1);
}
