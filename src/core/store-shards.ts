import type { ActorKey } from '../protocol/ids.ts';

/** How actors are spread over stores that fail apart. Each has a writer and a projector of its own. */
export interface StoreShards {
	readonly count: number;
	/** Which of them, from 0, holds the actor; for ever the same. */
	of(key: ActorKey): number;
}

export const ONE_SHARD: StoreShards = { count: 1, of: () => 0 };

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over the characters: the same in every version, for stored data depends on it. */
function hashOf(text: string): number {
	let hash = FNV_OFFSET;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
	return hash;
}

/** The finalizer of MurmurHash3, which spreads keys that hardly differ. */
function mix(hash: number): number {
	let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Spreads keys evenly by rendezvous hashing: of one shard more, only what it gets would have to move.
 * Never change how: it says where stored actors are.
 */
export function evenShards(count: number): StoreShards {
	if (count === 1) return ONE_SHARD;
	const seeds = Array.from({ length: count }, (_, shard) => Math.imul(shard + 1, 0x9e3779b1));
	return {
		count,
		of(key) {
			const hash = hashOf(key);
			let best = 0;
			let weightMax = -1;
			for (let shard = 0; shard < count; shard++) {
				const weight = mix(hash ^ (seeds[shard] as number));
				if (weight <= weightMax) continue;
				weightMax = weight;
				best = shard;
			}
			return best;
		},
	};
}
