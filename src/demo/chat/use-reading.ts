import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { Channel } from '../../../client-sdk/src/index.ts';

/** As near to the end as counts as being there, in pixels. */
const NEAR_END_PX = 48;

export const isAtEnd = (list: HTMLElement): boolean =>
	list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;

/** Moves the read marker while the page is visible and the end of the list in view. */
export function useReading(channel: Channel, list: RefObject<HTMLElement | null>): void {
	const last = channel.messages.at(-1)?.seq ?? 0;
	// Before the page is painted: what one sees is read.
	useLayoutEffect(() => {
		const read = () => {
			const { me } = channel;
			if (!list.current || !me || last <= me.marker) return;
			if (document.visibilityState === 'visible' && isAtEnd(list.current)) {
				channel.read(last).catch(() => {});
			}
		};
		read();
		const element = list.current;
		element?.addEventListener('scroll', read, { passive: true });
		document.addEventListener('visibilitychange', read);
		return () => {
			element?.removeEventListener('scroll', read);
			document.removeEventListener('visibilitychange', read);
		};
	}, [channel, list, last]);
}
