/**
 * The device's clock, as far as it goes forward: set back, it goes on from where it was. What waits for
 * a point in time would otherwise wait for hours. Sleep counts as time.
 */
export function steadyClock(now: () => number): () => number {
	let last = now();
	let leadMs = 0;
	return () => {
		const at = now();
		if (at < last) leadMs += last - at;
		last = at;
		return at + leadMs;
	};
}
