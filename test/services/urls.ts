import { ServicesError } from './cache.ts';
import { readState, type ServicesState } from './state.ts';

export const URL_NAMES = ['REDIS_URL', 'NATS_URL', 'MONGO_URL'] as const;
export type ServiceUrls = Readonly<Record<(typeof URL_NAMES)[number], string>>;

/** Servers of one's own, named by the environment; `undefined` when it names none. */
export function ownUrls(): ServiceUrls | undefined {
	const entries = URL_NAMES.map((name) => [name, process.env[name] ?? ''] as const);
	const missing = entries.filter(([, url]) => url === '').map(([name]) => name);
	if (missing.length === URL_NAMES.length) return undefined;
	if (missing.length > 0) {
		throw new ServicesError(`set ${missing.join(' and ')} too, or none of ${URL_NAMES.join(', ')}`);
	}
	return Object.fromEntries(entries) as unknown as ServiceUrls;
}

/** Where the servers of a start are. */
export function urlsOf({ by, ports }: ServicesState): ServiceUrls {
	// The replica set in the container knows itself by an address that is not ours.
	const direct = by === 'docker' ? '?directConnection=true' : '';
	return {
		REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
		NATS_URL: `nats://127.0.0.1:${ports.nats}`,
		MONGO_URL: `mongodb://127.0.0.1:${ports.mongo}/${direct}`,
	};
}

/** For tests: throws when nothing was started, so that none passes without its server. */
export function serviceUrls(): ServiceUrls {
	const state = readState();
	const urls = ownUrls() ?? (state && urlsOf(state));
	if (urls === undefined) throw new ServicesError('no services: run npm run services:start');
	return urls;
}
