const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Slots go from 0 up to but without this. */
export const CONSENT_SLOTS = 2 ** 31;

/**
 * Where a user stands in the order in which an institution's users are refreshed: evenly spread, and for
 * ever the same, for stored rows name it.
 */
export function consentSlot(userId: string): number {
	let hash = FNV_OFFSET;
	for (let at = 0; at < userId.length; at++) {
		hash = Math.imul(hash ^ userId.charCodeAt(at), FNV_PRIME);
	}
	// The finalizer of MurmurHash3: ids that hardly differ come to lie far apart.
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return ((hash ^ (hash >>> 16)) >>> 0) % CONSENT_SLOTS;
}
