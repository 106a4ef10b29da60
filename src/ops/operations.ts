import type { Caller } from '../core/actor-kind.ts';
import type { Journal } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { AuditEntry, NodeLine } from '../protocol/ops.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { NodeHints, NodeQuestion, OpsAnswer, OpsArgs } from './node-answers.ts';
import type { Nodes } from './nodes.ts';

export interface OperationsOptions {
	readonly nodes: Nodes;
	readonly audit: AuditTrail;
	readonly journal: Pick<Journal, 'head'>;
	readonly log: Log;
}

type Refused = { readonly ok: false } & Refusal;

const refuse = (code: Refusal['code'], message: string): Refused => ({ ok: false, code, message });

/** By their numbers, which count up. */
const byNumber = (one: NodeLine, other: NodeLine) => Number(one.id) - Number(other.id);

/**
 * What operators look at and do, from any node: each question goes to the node that it is about. Who may
 * ask is for the callers of this to know; what acts is in the audit trail before it happens.
 */
export class Operations {
	readonly #options: OperationsOptions;

	constructor(options: OperationsOptions) {
		this.#options = options;
	}

	/** All living nodes by their numbers. */
	allNodes(): readonly NodeLine[] {
		return [...this.#options.nodes.lines()].sort(byNumber);
	}

	nodes({ after, limit }: OpsArgs<'nodes'>): OpsAnswer<'nodes'> {
		const all = this.allNodes();
		const behind = after === undefined ? all : all.filter(({ id }) => Number(id) > Number(after));
		const page = behind.slice(0, limit);
		const last = page.at(-1);
		const sum = (count: (load: NonNullable<NodeLine['load']>) => number) =>
			all.reduce((total, { load }) => total + (load === undefined ? 0 : count(load)), 0);
		return {
			ok: true,
			reply: {
				self: this.#options.nodes.self,
				nodes: page,
				...(behind.length > page.length && last !== undefined ? { next: last.id } : {}),
				total: {
					nodes: all.length,
					sockets: sum(({ sockets }) => sockets),
					actors: sum(({ actors }) => actors),
				},
			},
		};
	}

	node(args: OpsArgs<'node'>): Promise<OpsAnswer<'node'>> {
		return this.#ask(args.node, 'node', args);
	}

	actors(args: OpsArgs<'actors'>): Promise<OpsAnswer<'actors'>> {
		return this.#ask(args.node, 'actors', args);
	}

	sockets(args: OpsArgs<'sockets'>): Promise<OpsAnswer<'sockets'>> {
		return this.#ask(args.node, 'sockets', args);
	}

	socket(args: OpsArgs<'socket'>): Promise<OpsAnswer<'socket'>> {
		return this.#ask(args.node, 'socket', args);
	}

	/** One actor, wherever it lives; asleep it is shown as its journal has it, unless it shall be woken. */
	async actor({ key, wakes = false }: OpsArgs<'actor'> & NodeHints): Promise<OpsAnswer<'actor'>> {
		const { nodes } = this.#options;
		const owner = await this.#ownerOf(key, wakes);
		if (typeof owner === 'object') return owner;
		return this.#ask(owner ?? nodes.self, 'actor', { key, wakes });
	}

	async sleep(caller: Caller, args: OpsArgs<'sleep'>): Promise<OpsAnswer<'sleep'>> {
		const owner = await this.#ownerOf(args.key);
		if (typeof owner === 'object') return owner;
		if (owner === undefined) return refuse('NOT_FOUND', 'it is not awake');
		const noted = await this.note(caller, 'sleep', args.key);
		return noted ?? this.#ask(owner, 'sleep', args);
	}

	drain(caller: Caller, args: OpsArgs<'drain'>): Promise<OpsAnswer<'drain'>> {
		return this.#end(caller, 'drain', args);
	}

	kill(caller: Caller, args: OpsArgs<'kill'>): Promise<OpsAnswer<'kill'>> {
		return this.#end(caller, 'kill', args);
	}

	async audit(args: OpsArgs<'audit'>): Promise<OpsAnswer<'audit'>> {
		try {
			const { entries, hasMore } = await this.#options.audit.page(args);
			return { ok: true, reply: { entries: [...entries], hasMore } };
		} catch (error) {
			this.#options.log.warn({ err: error }, 'the audit trail could not be read');
			return refuse('UNAVAILABLE', 'the store cannot be read now');
		}
	}

	async where({ key }: OpsArgs<'where'>): Promise<OpsAnswer<'where'>> {
		const { nodes } = this.#options;
		const owner = key === undefined ? undefined : await this.#ownerOf(key);
		if (typeof owner === 'object') return owner;
		const count = nodes.lines().length;
		return {
			ok: true,
			reply: { node: nodes.self, nodes: count, ...(owner === undefined ? {} : { owner }) },
		};
	}

	/** Notes what an operator is about to do; with a refusal it must not happen. */
	async note(
		{ userId }: Caller,
		what: AuditEntry['what'],
		target: string,
	): Promise<Refused | undefined> {
		const { audit, log, nodes } = this.#options;
		try {
			await audit.note({ who: userId, what, target, node: nodes.self });
			log.info({ what, target }, 'an operator acts');
			return undefined;
		} catch (error) {
			log.warn({ err: error, what, target }, 'an order was refused: it could not be noted');
			return refuse('UNAVAILABLE', 'the audit trail cannot be written now');
		}
	}

	async #end(
		caller: Caller,
		what: 'drain' | 'kill',
		{ node }: OpsArgs<'drain'>,
	): Promise<OpsAnswer<'drain'>> {
		if (!this.#isThere(node)) return refuse('NOT_FOUND', 'there is no such node');
		const noted = await this.note(caller, what, node);
		return noted ?? this.#ask(node, what, { node });
	}

	/** Where an actor is awake, or is to be woken. */
	async #ownerOf(key: string, wakes = false): Promise<string | undefined | Refused> {
		try {
			const owner = await this.#options.nodes.ownerOf(key as ActorKey);
			return owner ?? (wakes ? await this.#wakerOf(key) : undefined);
		} catch (error) {
			this.#options.log.warn({ err: error, actor: key }, 'the owner could not be looked up');
			return refuse('UNAVAILABLE', 'the owner cannot be looked up now');
		}
	}

	/** Where an actor with a journal shall be woken. */
	async #wakerOf(key: string): Promise<string | undefined> {
		const { journal, nodes } = this.#options;
		const head = await journal.head(key as ActorKey);
		return head === undefined ? undefined : nodes.wakerOf(key as ActorKey);
	}

	#isThere(node: string): boolean {
		return this.#options.nodes.lines().some(({ id }) => id === node);
	}

	async #ask<Q extends NodeQuestion>(
		node: string,
		question: Q,
		args: OpsArgs<Q> & NodeHints,
	): Promise<OpsAnswer<Q>> {
		if (!this.#isThere(node)) return refuse('NOT_FOUND', 'there is no such node');
		try {
			return (await this.#options.nodes.ask(node, question, args)) as OpsAnswer<Q>;
		} catch (error) {
			this.#options.log.warn({ err: error, peer: node, question }, 'a node was asked in vain');
			return refuse('UNAVAILABLE', `node ${node} does not answer`);
		}
	}
}
