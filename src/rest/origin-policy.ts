/** Which pages may call: `undefined` is a client that is no page, or a page of our own. */
export type OriginAllowed = (origin: string | undefined) => boolean;

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function isLoopback(origin: string): boolean {
	const url = URL.parse(origin);
	return url !== null && /^https?:$/.test(url.protocol) && LOOPBACK.test(url.hostname);
}

/**
 * The one check of `Origin`, for REST and sockets: the listed origins, and in development every
 * loopback origin. It does not compare with `Host`, which a rebound DNS name would satisfy.
 */
export function originPolicy(settings: {
	readonly development: boolean;
	readonly allowedOrigins: readonly string[];
}): OriginAllowed {
	const listed = new Set(settings.allowedOrigins);
	return (origin) =>
		origin === undefined || listed.has(origin) || (settings.development && isLoopback(origin));
}
