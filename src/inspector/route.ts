import { useEffect, useState } from 'preact/hooks';

/** What the page shows, by its address. */
export type Route =
	| { readonly screen: 'nodes' | 'audit' | 'institutions' }
	| { readonly screen: 'institution'; readonly id: string }
	| { readonly screen: 'actors' | 'sockets'; readonly node: string }
	| { readonly screen: 'actor'; readonly key: string }
	| { readonly screen: 'socket'; readonly node: string; readonly id: string };

const HOME: Route = { screen: 'nodes' };

function parsed(hash: string): Route {
	try {
		const [screen, one, other] = hash.replace(/^#\//, '').split('/').map(decodeURIComponent);
		if (screen === 'audit' || screen === 'institutions') return { screen };
		if (one === undefined) return HOME;
		if (screen === 'institution') return { screen, id: one };
		if (screen === 'actors' || screen === 'sockets') return { screen, node: one };
		if (screen === 'actor') return { screen, key: one };
		if (screen === 'socket' && other !== undefined) return { screen, node: one, id: other };
		return HOME;
	} catch {
		return HOME;
	}
}

const href = (...parts: readonly string[]) => `#/${parts.map(encodeURIComponent).join('/')}`;

export const nodesHref = href();
export const institutionsHref = href('institutions');
export const institutionHref = (id: string): string => href('institution', id);
export const auditHref = href('audit');
export const actorsHref = (node: string): string => href('actors', node);
export const socketsHref = (node: string): string => href('sockets', node);
export const actorHref = (key: string): string => href('actor', key);
export const socketHref = (node: string, id: string): string => href('socket', node, id);

export function goTo(address: string): void {
	location.hash = address;
}

/** The present route: reload and the back button do what one expects. */
export function useRoute(): Route {
	const [hash, setHash] = useState(location.hash);
	useEffect(() => {
		const changed = () => setHash(location.hash);
		addEventListener('hashchange', changed);
		return () => removeEventListener('hashchange', changed);
	}, []);
	return parsed(hash);
}
