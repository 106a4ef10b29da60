/** Somebody who wants some of what there is. */
export interface Claim {
	readonly want: number;
	/** Lower ones come first where there is not one for each. */
	readonly turn: number;
}

/**
 * What `own` is due of `count` indivisible things: nobody gets more than it wants, and who wants more
 * than the others gets no more than them as long as they want more too. The sum over all claims, when
 * each asks, is at most `count`.
 */
export function fairShare(count: number, claims: readonly Claim[], own: Claim): number {
	const order = claims
		.filter(({ want }) => want > 0)
		.toSorted((one, other) => one.want - other.want || one.turn - other.turn);
	let left = count;
	for (const [index, { want }] of order.entries()) {
		const each = Math.floor(left / (order.length - index));
		if (want > each) return Math.min(own.want, each) + extra(order.slice(index), left, own);
		if (order[index] === own) return want;
		left -= want;
	}
	return 0;
}

/** What is left over when all of `hungry` have the same: one more for those whose turn it is. */
function extra(hungry: readonly Claim[], left: number, own: Claim): number {
	const over = left % hungry.length;
	const place = hungry.toSorted((one, other) => one.turn - other.turn).indexOf(own);
	return place >= 0 && place < over ? 1 : 0;
}
