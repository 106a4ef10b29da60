import type { IncomingMessage } from 'node:http';

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const LOOPBACK_ADDRESS = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;

const isNamedLoopback = (url: string) => LOOPBACK_NAME.test(URL.parse(url)?.hostname ?? '');

/**
 * Whether a request is of somebody at this machine: not of another one, and not of a page of elsewhere,
 * by whatever name that page knows this machine. What is for those who watch and disturb a simulator is
 * for them alone, also where it listens to others.
 */
export function isFromHere({ headers, socket }: IncomingMessage): boolean {
	const { host = '', origin } = headers;
	if (!LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '')) return false;
	return isNamedLoopback(`http://${host}`) && (origin === undefined || isNamedLoopback(origin));
}
