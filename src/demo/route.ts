import { useEffect, useState } from 'preact/hooks';

/** What the page shows; on a phone the list is a screen of its own. */
export type Route =
	| { readonly screen: 'list' }
	| { readonly screen: 'channel'; readonly id: string }
	| { readonly screen: 'board' };

const CHANNEL = '#/channel/';
const BOARD = '#/board';

function parsed(hash: string): Route {
	if (hash.startsWith(CHANNEL)) {
		try {
			return { screen: 'channel', id: decodeURIComponent(hash.slice(CHANNEL.length)) };
		} catch {
			return { screen: 'list' };
		}
	}
	return hash === BOARD ? { screen: 'board' } : { screen: 'list' };
}

export const channelHref = (id: string): string => `${CHANNEL}${encodeURIComponent(id)}`;
export const boardHref = BOARD;
export const listHref = '#/';

export function goTo(href: string): void {
	location.hash = href;
}

/** Whether the page before in the history is the list. */
let isListBefore = false;

addEventListener('hashchange', ({ oldURL, newURL }) => {
	const [before, now] = [oldURL, newURL].map((url) => parsed(new URL(url).hash).screen);
	isListBefore = before === 'list' && now !== 'list';
});

/** For links to the list: the back button of the device then does not lead here again. */
export function backToList(event: Event): void {
	if (!isListBefore) return;
	event.preventDefault();
	history.back();
}

/** The present route, by the address: reload and the back button do what one expects. */
export function useRoute(): Route {
	const [hash, setHash] = useState(location.hash);
	useEffect(() => {
		const changed = () => setHash(location.hash);
		addEventListener('hashchange', changed);
		return () => removeEventListener('hashchange', changed);
	}, []);
	return parsed(hash);
}
