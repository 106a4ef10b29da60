import { expect, test } from 'vitest';
import { LINK_MESSAGE_BYTES_MAX, LinkInbox } from '../../src/cluster/link-inbox.ts';
import { LinkOutbox } from '../../src/cluster/link-outbox.ts';
import { headLength, writePiece } from '../../src/cluster/link-packet.ts';

const MEGABYTE = 1024 * 1024;

function body(length: number, goesOn = false): Uint8Array {
	const bytes = new Uint8Array(length + 4);
	writePiece(bytes, 0, { bytes: new Uint8Array(length), goesOn });
	return bytes;
}

test('what comes before its turn is kept up to a bound; the rest is missing still', () => {
	const inbox = new LinkInbox();
	for (let seq = 2; seq <= 30; seq++) expect(inbox.take(seq, body(MEGABYTE / 2))).toEqual([]);
	expect(inbox.missingTo).toBe(1);
	const { length = 0 } = inbox.take(1, body(1)) ?? [];
	expect(length).toBeGreaterThan(14);
	expect(length).toBeLessThanOrEqual(17);
	expect([inbox.received, inbox.missingTo]).toEqual([length, 30]);
});

test('a message that grows beyond any is refused', () => {
	const inbox = new LinkInbox();
	const part = LINK_MESSAGE_BYTES_MAX / 32;
	for (let seq = 1; seq <= 32; seq++) expect(inbox.take(seq, body(part, true))).toEqual([]);
	expect(inbox.take(33, body(1))).toBeUndefined();
});

test('what is not made of pieces is refused', () => {
	expect(new LinkInbox().take(1, body(5).subarray(0, 6))).toBeUndefined();
});

test('an acknowledgement of what was never sent is refused', () => {
	const outbox = new LinkOutbox('1');
	outbox.add(new Uint8Array(1));
	expect(outbox.acknowledge(1)).toBe(false);
	expect(outbox.next()?.seq).toBe(1);
	expect(outbox.acknowledge(1)).toBe(true);
	expect([outbox.bytesWaiting, outbox.acknowledge(0), outbox.acknowledge(2)]).toEqual([
		0,
		true,
		false,
	]);
});

test('one question brings 4 MB at most, and one packet at least', () => {
	const outbox = new LinkOutbox('1');
	for (let n = 0; n < 7; n++) outbox.add(new Uint8Array(MEGABYTE));
	let sent = 0;
	for (let packet = outbox.next(); packet; packet = outbox.next()) sent = packet.seq;
	expect(outbox.unacknowledged(1)).toHaveLength(1);
	const bytes = outbox.unacknowledged(sent).reduce((sum, packet) => sum + packet.bytes.length, 0);
	expect(bytes).toBeGreaterThan(4 * MEGABYTE);
	expect(bytes).toBeLessThan(4.6 * MEGABYTE);
});

test('what waits is counted whatever is taken in which order', () => {
	const outbox = new LinkOutbox('1');
	for (let n = 0; n < 5_000; n++) outbox.add(new Uint8Array(n % 300));
	let seq = 0;
	let pieces = 0;
	for (let packet = outbox.next(); packet; packet = outbox.next()) {
		seq = packet.seq;
		pieces += packet.bytes.length - headLength('1');
	}
	expect(pieces).toBe(
		5_000 * 4 + Array.from({ length: 5_000 }, (_, n) => n % 300).reduce((a, b) => a + b),
	);
	expect(outbox.hasQueued).toBe(false);
	outbox.acknowledge(seq);
	expect(outbox.bytesWaiting).toBe(0);
});
