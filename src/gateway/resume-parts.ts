import { PAGE_BYTES_MAX } from '../protocol/channel.ts';
import { pack } from '../protocol/codec.ts';
import type { Resumed, WireEvent } from '../protocol/wire.ts';

/**
 * Packed payloads of an answer of many events, in parts of at most 256 KB (or one event) each; the reply
 * is in the last.
 */
export function resumeParts(
	events: readonly WireEvent[],
	head: Omit<Resumed, 'events' | 'more'>,
): Uint8Array[] {
	const whole = pack({ ...head, events, more: false });
	if (whole.length <= PAGE_BYTES_MAX || events.length < 2) return [whole];
	const { reply, ...rest } = head;
	const parts = split(events);
	return parts.map((part, index) => {
		const more = index < parts.length - 1;
		return pack({ ...(more ? rest : head), events: part, more });
	});
}

function split(events: readonly WireEvent[]): WireEvent[][] {
	const parts: WireEvent[][] = [[]];
	let bytes = 0;
	for (const event of events) {
		const size = pack(event).length;
		if (bytes > 0 && bytes + size > PAGE_BYTES_MAX) {
			parts.push([]);
			bytes = 0;
		}
		parts.at(-1)?.push(event);
		bytes += size;
	}
	return parts;
}
