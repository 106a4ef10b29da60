import { ERRORS } from '../protocol/errors.ts';
import { splitKey } from '../protocol/ids.ts';
import { aboutBytes } from './about-bytes.ts';
import type { Command, Context, Decision } from './actor-kind.ts';
import { type CommandEntry, refusal, release } from './entries.ts';
import type { Log } from './log.ts';
import { rowsOf } from './outbox-rows.ts';
import type { Recovered, RecoveryOptions } from './recovery.ts';
import type { RequestMemory } from './request-memory.ts';
import { tell } from './show.ts';
import { REQUESTS } from './store.ts';
import type { Turn } from './turn.ts';
import type { Unprojected } from './unprojected.ts';

export interface DeciderOptions extends RecoveryOptions {
	readonly unprojected: Unprojected;
	readonly requests: RequestMemory;
	readonly newId: (now: number) => string;
	readonly log: Log;
}

/** What an event takes in a commit beside its data. */
const EVENT_BYTES = 64;

/** Says what a command comes to: an answer, a refusal that may be repeated, or a broken state. */
export type Verdict = 'answered' | 'retryable' | 'broken';

/** Decides one command on the in-memory state and evolves it, into a turn. */
export class Decider {
	readonly #options: DeciderOptions;
	/** Of the actor, without its kind. */
	readonly #id: string;

	constructor(options: DeciderOptions) {
		this.#options = options;
		this.#id = splitKey(options.key).id;
	}

	decide(entry: CommandEntry, actor: Recovered, turn: Turn): Verdict {
		const decision = this.#decision(entry, actor, turn);
		release(entry);
		if (!decision.ok) {
			turn.answer(entry, decision);
			return ERRORS[decision.code].retryable ? 'retryable' : 'answered';
		}
		try {
			this.#evolve(entry, actor, { turn, decision });
		} catch (error) {
			this.#options.log.error(
				{ err: error, actor: this.#options.key, command: entry.request.name },
				'an event could not be applied; the turn is undone',
			);
			entry.failed = true;
			return 'broken';
		}
		turn.answer(entry, { ok: true, reply: decision.reply ?? {} });
		return 'answered';
	}

	#decision(entry: CommandEntry, actor: Recovered, turn: Turn): Decision {
		const { key, kind, unprojected } = this.#options;
		if (entry.failed === true) return refusal('INTERNAL');
		const { name, args, caller, requestId } = entry.request;
		const command: Command = { name, args, caller, requestId };
		const { needs, rows } = entry.loaded ?? { needs: [], rows: [] };
		const context: Context = {
			key,
			id: this.#id,
			now: turn.at,
			exists: actor.exists || turn.events.length > 0,
			newId: () => this.#options.newId(turn.at),
			loaded: needs.map(([collection, rowKey], index) =>
				unprojected.overlay(collection, rowKey, rows[index]),
			),
		};
		try {
			return kind.decide(actor.state, command, context);
		} catch (error) {
			this.#options.log.error({ err: error, actor: key, command: name }, 'decide threw');
			return refusal('INTERNAL');
		}
	}

	#evolve(
		entry: CommandEntry,
		actor: Recovered,
		{ turn, decision }: { turn: Turn; decision: Decision & { ok: true } },
	): void {
		const { key, kind, unprojected } = this.#options;
		const { userId } = entry.request.caller;
		const by = userId === '' ? {} : { by: userId };
		let bytes = 0;
		for (const event of decision.events) {
			const version = (kind.eventVersions as Record<string, number>)[event.type];
			if (version === undefined) throw new Error(`no version of event ${event.type}`);
			const position = turn.position + 1;
			const meta = { key, id: this.#id, position, at: turn.at, ...by };
			actor.state = kind.evolve(actor.state, event, meta);
			const rows = rowsOf(kind, actor.state, { event, meta });
			const told = tell(kind, event, meta);
			turn.events.push({ type: event.type, version, data: event.data, ...by });
			bytes += EVENT_BYTES + aboutBytes(event.data);
			turn.told.push(...told);
			const projected = { position, rows };
			turn.rows.push(projected);
			unprojected.push(projected);
		}
		if (decision.events.length > 0) this.#remember(entry, turn, decision.reply ?? {});
		// What a timer leads to may be large although nothing was asked.
		turn.bytes += Math.max(bytes, entry.bytes);
	}

	/** Keeps the request id with its reply: in memory, in the commit, in the store. */
	#remember(entry: CommandEntry, turn: Turn, reply: unknown): void {
		const { key, kind, requests } = this.#options;
		const { name, requestId, caller } = entry.request;
		if (requestId === undefined || kind.contract.commands[name]?.requests === 'none') return;
		const request = { userId: caller.userId, requestId, reply };
		requests.keep(request, turn.position);
		turn.requests.push(request);
		turn.rows.push({
			position: turn.position,
			rows: [
				{
					op: 'put',
					collection: REQUESTS.name,
					key: [key, caller.userId, requestId],
					doc: { reply },
				},
			],
		});
	}
}
