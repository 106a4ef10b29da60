import type { Audience, Caller } from '../core/actor-kind.ts';
import type { ActorPort, CommandRequest, Publication, Subscriber } from '../core/actor-port.ts';
import { packExact } from '../protocol/codec.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { Resume, WireEvent } from '../protocol/wire.ts';
import type { NodeId } from './directory.ts';
import type { Switchboard } from './switchboard.ts';

/** What one edge node has here, for the time of one session. */
interface Edge {
	readonly node: NodeId;
	readonly ears: Map<number, { readonly key: ActorKey; readonly subscriber: Subscriber }>;
	/** Openings whose commands are numbered here, to be forgotten with the session. */
	readonly openings: Map<string, ActorKey>;
	/** The session is over: answers that still come are for nobody. */
	over: boolean;
}

/** A question to be let in. */
interface Asked {
	readonly question: number;
	readonly ear: number;
	readonly key: ActorKey;
}

/**
 * The owner's side: serves the edges of other nodes. A commit is packed once for all of them, and each
 * edge hears it once, however many clients listen there.
 */
export class ActorServer {
	readonly #actors: Omit<ActorPort, 'peek'>;
	readonly #switchboard: Switchboard;
	readonly #edges = new Map<NodeId, Edge>();
	/** The commit told last, packed; edges are told one after another. */
	readonly #packed = new WeakMap<Publication, Uint8Array>();

	/** `actors` serves what this node owns, and answers `MOVED` for what it does not. */
	constructor(actors: Omit<ActorPort, 'peek'>, switchboard: Switchboard) {
		this.#actors = actors;
		this.#switchboard = switchboard;
		this.#handleOpenings();
		switchboard.handle('command', (from, [question, key, request]) => {
			const edge = this.#edge(from);
			const { sender } = request as CommandRequest;
			if (sender !== undefined) edge.openings.set(sender.opening, key as ActorKey);
			this.#actors.command(
				key as ActorKey,
				request as CommandRequest,
				this.#answer(edge, question as number),
			);
		});
		switchboard.handle('whisper', (_, [key, caller, event]) => {
			this.#actors.ephemeral(key as ActorKey, caller as Caller, event as WireEvent);
		});
		switchboard.handle('closeOpening', (from, [key, opening]) => {
			this.#edges.get(from)?.openings.delete(opening as string);
			this.#actors.closeOpening(key as ActorKey, opening as string);
		});
		switchboard.handle('unsubscribe', (from, [key, ear]) => {
			const edge = this.#edges.get(from);
			const there = edge?.ears.get(ear as number);
			if (there === undefined) return;
			edge?.ears.delete(ear as number);
			this.#actors.unsubscribe(key as ActorKey, there.subscriber);
		});
		switchboard.onDown((peer) => this.#down(peer));
	}

	#handleOpenings(): void {
		this.#switchboard.handle('open', (from, [question, key, ear, caller, args, resume]) => {
			const edge = this.#edge(from);
			const subscriber = this.#subscriber(edge, ear as number, key as ActorKey);
			const request = {
				caller: caller as Caller,
				args,
				resume: (resume as Resume | null) ?? undefined,
				subscriber,
			};
			const asked = { question: question as number, ear: ear as number, key: key as ActorKey };
			this.#actors.open(asked.key, request, this.#letIn(edge, asked, subscriber));
		});
		this.#switchboard.handle('reopen', (from, [question, key, ear, callers, resume]) => {
			const edge = this.#edge(from);
			const subscriber = this.#subscriber(edge, ear as number, key as ActorKey);
			const asked = { question: question as number, ear: ear as number, key: key as ActorKey };
			this.#actors.reopen(
				asked.key,
				{ callers: callers as readonly Caller[], resume: resume as Resume, subscriber },
				this.#letIn(edge, asked, subscriber),
			);
		});
	}

	#edge(node: NodeId): Edge {
		const there = this.#edges.get(node);
		if (there !== undefined) return there;
		const made: Edge = { node, ears: new Map(), openings: new Map(), over: false };
		this.#edges.set(node, made);
		return made;
	}

	#answer(edge: Edge, question: number): (answer: unknown) => void {
		return (answer) => {
			if (!edge.over) this.#switchboard.send(edge.node, 'answer', question, answer);
		};
	}

	/** Whoever has left, or lost its session, while it was let in is taken out again. */
	#letIn(edge: Edge, asked: Asked, subscriber: Subscriber): (answer: unknown) => void {
		const { question, ear, key } = asked;
		const answer = this.#answer(edge, question);
		return (answered) => {
			const isHeard = !edge.over && edge.ears.get(ear)?.subscriber === subscriber;
			if (!isHeard) this.#actors.unsubscribe(key, subscriber);
			answer(answered);
		};
	}

	#subscriber(edge: Edge, ear: number, key: ActorKey): Subscriber {
		const there = edge.ears.get(ear);
		if (there !== undefined) return there.subscriber;
		const subscriber: Subscriber = {
			edge: edge.node,
			committed: (publication) => {
				if (edge.over) return;
				this.#switchboard.send(edge.node, 'told', ear, this.#pack(publication));
			},
			ephemeral: (event: WireEvent, audience: Audience) => {
				if (!edge.over) this.#switchboard.send(edge.node, 'murmur', ear, event, audience);
			},
			closed: () => {
				edge.ears.delete(ear);
				if (!edge.over) this.#switchboard.send(edge.node, 'closed', ear);
			},
		};
		edge.ears.set(ear, { key, subscriber });
		return subscriber;
	}

	#pack(publication: Publication): Uint8Array {
		const known = this.#packed.get(publication);
		if (known !== undefined) return known;
		const packed = packExact(publication);
		this.#packed.set(publication, packed);
		return packed;
	}

	#down(peer: NodeId): void {
		const edge = this.#edges.get(peer);
		if (edge === undefined) return;
		edge.over = true;
		this.#edges.delete(peer);
		for (const { key, subscriber } of edge.ears.values()) {
			this.#actors.unsubscribe(key, subscriber);
		}
		for (const [opening, key] of edge.openings) this.#actors.closeOpening(key, opening);
	}
}
