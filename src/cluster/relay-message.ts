import { RELAY_MESSAGE_BYTES_MAX } from './relay.ts';

const SUBJECT = /^[A-Za-z0-9_@-]+(\.[A-Za-z0-9_@-]+)*$/;

/** Throws for what is no subject: one with a wildcard would reach others, a space would change the protocol. */
export function checkSubject(subject: string): void {
	if (!SUBJECT.test(subject))
		throw new Error('a relay subject is tokens of [A-Za-z0-9_@-] and dots');
}

/** Throws for what no relay may take: a bug of the caller, the same with every adapter. */
export function checkRelayMessage(subject: string, bytes: Uint8Array): void {
	checkSubject(subject);
	if (bytes.length > RELAY_MESSAGE_BYTES_MAX) {
		throw new Error(`${bytes.length} bytes are too much for one relay message; cut it into parts`);
	}
}
