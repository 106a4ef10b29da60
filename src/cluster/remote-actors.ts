import type { Publication, Subscriber } from '../core/actor-port.ts';
import { unpack } from '../protocol/codec.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { WireEvent } from '../protocol/wire.ts';
import type { NodeId } from './directory.ts';
import { RemoteOwner } from './remote-owner.ts';
import type { Switchboard } from './switchboard.ts';

/** The edge's side of actors that other nodes own. The messages are those of {@link ActorServer}. */
export class RemoteActors {
	readonly #switchboard: Switchboard;
	readonly #owners = new Map<NodeId, RemoteOwner>();

	constructor(switchboard: Switchboard) {
		this.#switchboard = switchboard;
		switchboard.handle('answer', (from, [question, answer]) => {
			this.#owners.get(from)?.answered(question as number, answer as never);
		});
		switchboard.handle('told', (from, [ear, packed]) => {
			const publication = unpack(packed as Uint8Array) as Publication;
			this.#heardBy(from, ear)?.committed(publication);
		});
		switchboard.handle('murmur', (from, [ear, event, audience]) => {
			this.#heardBy(from, ear)?.ephemeral(event as WireEvent, audience as 'all');
		});
		switchboard.handle('closed', (from, [ear]) => {
			this.#owners.get(from)?.closed(ear as number);
		});
		switchboard.onDown((peer) => {
			const owner = this.#owners.get(peer);
			this.#owners.delete(peer);
			owner?.down();
		});
	}

	/** The actors of one node. */
	at(node: NodeId): RemoteOwner {
		const there = this.#owners.get(node);
		if (there !== undefined) return there;
		const made = new RemoteOwner(node, this.#switchboard);
		this.#owners.set(node, made);
		return made;
	}

	/** Closes the opening at whichever node it may be known. */
	closeOpening(key: ActorKey, opening: string): void {
		for (const owner of this.#owners.values()) owner.closeOpening(key, opening);
	}

	/** Whether the subscriber listens at another node; then it does no more. */
	unsubscribe(key: ActorKey, subscriber: Subscriber): boolean {
		for (const owner of this.#owners.values()) {
			if (owner.unsubscribe(key, subscriber)) return true;
		}
		return false;
	}

	#heardBy(from: NodeId, ear: unknown): Subscriber | undefined {
		return this.#owners.get(from)?.heardBy(ear as number);
	}
}
