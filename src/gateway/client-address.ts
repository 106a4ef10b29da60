import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Where a request comes from, as limits count it: an IPv4 address, or the /64 network of an IPv6 one,
 * which one client has as a whole. `trustedProxies`: how many proxies stand in front, each of which
 * adds to `X-Forwarded-For`; what else that header says is the client's own word.
 */
export function clientAddress(
	{
		headers,
		socket,
	}: Pick<IncomingMessage, 'headers'> & {
		readonly socket: { readonly remoteAddress?: string | undefined };
	},
	trustedProxies: number,
): string {
	const peer = socket.remoteAddress ?? '';
	if (trustedProxies === 0) return networkOf(peer);
	const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
	const named = withoutPort(forwarded.at(-trustedProxies)?.trim() ?? '');
	return networkOf(isIP(named) === 0 ? peer : named);
}

/** Some proxies write `1.2.3.4:5678` or `[::1]:5678`. */
function withoutPort(text: string): string {
	const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([^:]+):\d+)$/.exec(text) ?? [];
	return bracketed ?? plain ?? text;
}

function networkOf(address: string): string {
	const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
	if (mapped !== undefined) return mapped;
	if (isIP(address) !== 6) return address;
	const [left = '', right] = address.replace(/%.*$/, '').split('::');
	const groups = left === '' ? [] : left.split(':');
	const last = right === undefined || right === '' ? [] : right.split(':');
	const zeros = Array<string>(Math.max(0, 8 - groups.length - last.length)).fill('0');
	const network = [...groups, ...zeros, ...last].slice(0, 4);
	return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
