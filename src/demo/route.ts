import { useEffect, useState } from 'preact/hooks';

/** What the page shows; on a phone the list is a screen of its own. */
export type Route =
	| { readonly screen: 'list' }
	| { readonly screen: 'channel'; readonly id: string }
	| { readonly screen: 'board' }
	| { readonly screen: 'assets' }
	| { readonly screen: 'events' }
	| { readonly screen: 'myTickets' }
	| { readonly screen: 'event'; readonly id: string };

const CHANNEL = '#/channel/';
const EVENT = '#/tickets/';

/** Pages that show no one thing. */
const PLAIN: Readonly<Record<string, Route>> = {
	'#/board': { screen: 'board' },
	'#/assets': { screen: 'assets' },
	'#/tickets': { screen: 'events' },
	'#/my-tickets': { screen: 'myTickets' },
};

/** What stands behind `start` in the address; `undefined` for other addresses. */
function idIn(hash: string, start: string): string | undefined {
	if (!hash.startsWith(start)) return undefined;
	try {
		return decodeURIComponent(hash.slice(start.length));
	} catch {
		return undefined;
	}
}

function parsed(hash: string): Route {
	const channel = idIn(hash, CHANNEL);
	if (channel !== undefined) return { screen: 'channel', id: channel };
	const event = idIn(hash, EVENT);
	if (event !== undefined) return { screen: 'event', id: event };
	return PLAIN[hash] ?? { screen: 'list' };
}

export const channelHref = (id: string): string => `${CHANNEL}${encodeURIComponent(id)}`;
export const eventHref = (id: string): string => `${EVENT}${encodeURIComponent(id)}`;
export const boardHref = '#/board';
export const assetsHref = '#/assets';
export const eventsHref = '#/tickets';
export const myTicketsHref = '#/my-tickets';
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
