import type { NodeId, NodeRecord } from './directory.ts';
import type { NodeBeat } from './node-beat.ts';
import type { Peer, PeerStore } from './ports.ts';

/** Who came and who is gone since the list was read before. */
export interface NodeChange {
	readonly joined: readonly NodeId[];
	readonly gone: readonly NodeId[];
}

/** The nodes with a lease, as far as this one knows, and what they told of themselves last. */
export class LivingNodes {
	readonly #peers = new Map<NodeId, Peer>();

	get peers(): ReadonlyMap<NodeId, Peer> {
		return this.#peers;
	}

	/**
	 * Takes over a list of the directory. `complete`: whoever is not in it is gone; otherwise they may
	 * only be late to register again. `beatOf` is what a node told last.
	 */
	read(
		records: readonly NodeRecord[],
		complete: boolean,
		beatOf: (id: NodeId) => NodeBeat | undefined,
	): NodeChange {
		const joined: NodeId[] = [];
		const listed = new Set<NodeId>();
		for (const record of records) {
			listed.add(record.id);
			if (this.#peers.has(record.id)) continue;
			const beat = beatOf(record.id);
			this.#peers.set(record.id, { ...record, state: beat?.state ?? 'up', load: beat?.load });
			joined.push(record.id);
		}
		const gone = complete ? [...this.#peers.keys()].filter((id) => !listed.has(id)) : [];
		for (const id of gone) this.#peers.delete(id);
		return { joined, gone };
	}

	/** Takes over what a node that is known says of itself; `at`: monotonic milliseconds. */
	hear({ node: { id }, state, load, stores }: NodeBeat, at: number): void {
		const peer = this.#peers.get(id);
		if (peer === undefined) return;
		const told = stores?.map(
			({ answeredMs, isAway }): PeerStore => ({ answeredAt: at - answeredMs, isAway }),
		);
		this.#peers.set(id, { ...peer, state, load, stores: told });
	}
}
