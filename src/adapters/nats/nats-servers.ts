import type { ConnectionOptions } from 'nats';

/** Where NATS is and how to log in, as its client takes it. */
export type NatsServers = Pick<ConnectionOptions, 'user' | 'pass' | 'token' | 'tls'> & {
	readonly servers: string[];
};

/**
 * Reads `nats://[user[:password]@]host[:port]` or `tls://…`, several with commas between; a user without
 * a password is a token. The client takes no credentials out of a URL. Throws without repeating the URL,
 * for it may hold a password.
 */
export function readNatsServers(urls: string): NatsServers {
	const parsed = urls.split(',').map((text) => readUrl(text.trim()));
	const [first] = parsed;
	if (first === undefined) throw new Error('the NATS URL is empty');
	const isTls = parsed.some((url) => url.protocol === 'tls:');
	return {
		servers: parsed.map((url) => `${url.hostname}:${url.port === '' ? 4222 : url.port}`),
		...credentials(first),
		...(isTls ? { tls: {} } : {}),
	};
}

function readUrl(text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url === undefined || !/^(nats|tls):$/.test(url.protocol) || url.hostname === '') {
		throw new Error('a NATS URL is nats://host:port or tls://host:port');
	}
	return url;
}

function credentials({ username, password }: URL): Pick<NatsServers, 'user' | 'pass' | 'token'> {
	const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
	if (user === '') return {};
	return pass === '' ? { token: user } : { user, pass };
}
