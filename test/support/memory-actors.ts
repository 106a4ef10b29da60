import type { Caller } from '../../src/core/actor-kind.ts';
import type {
	ActorPort,
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	Publication,
	ReopenAnswer,
	ReopenRequest,
	Subscriber,
	Told,
} from '../../src/core/actor-port.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';

interface MemoryActor {
	writer: string;
	position: number;
	readonly commits: Publication[];
	readonly banned: Set<string>;
	readonly subscribers: Set<Subscriber>;
	/** What runs one after another. */
	readonly mailbox: (() => void)[];
}

/** One event of a commit, as a test writes it. */
export type Line = Omit<Told, 'position'>;

/**
 * Actors in memory behind the port of the core: one mailbox each, commits with positions, openings that
 * are seen in turn and may be answered late. Commands: `make`, `say {text, to?}`, `kick {userId}`,
 * `let {userId}`, query `list`.
 */
export class MemoryActors implements ActorPort {
	readonly actors = new Map<ActorKey, MemoryActor>();
	/** Openings that reached an owner. */
	readonly opens: { readonly key: ActorKey; readonly request: OpenRequest }[] = [];
	/** Edges that came back when their owner had gone. */
	readonly reopens: { readonly key: ActorKey; readonly request: ReopenRequest }[] = [];
	readonly commands: { readonly key: ActorKey; readonly request: CommandRequest }[] = [];
	readonly closedOpenings: string[] = [];
	/** Decides when an answer to an opening leaves; at once by default. */
	delayOpen: (leave: () => void) => void = (leave) => leave();
	/** Decides when an edge that comes back is taken up; at once by default. */
	delayReopen: (take: () => void) => void = (take) => take();
	/** Answers an edge that comes back itself when it returns something. */
	interceptReopen: (request: ReopenRequest) => ReopenAnswer | undefined = () => undefined;
	/** Answers a command itself when it returns something. */
	intercept: (request: CommandRequest) => CommandAnswer | undefined = () => undefined;
	/** How many events behind a resume are brought; more is a reset. */
	resumeEventsMax = 1_000;
	#writers = 0;

	/** Makes an actor with a journal. */
	create(key: ActorKey): MemoryActor {
		const actor: MemoryActor = {
			writer: this.#nextWriter(),
			position: 0,
			commits: [],
			banned: new Set(),
			subscribers: new Set(),
			mailbox: [],
		};
		this.actors.set(key, actor);
		this.#commit(actor, [{ event: ['made', null], audience: 'all' }]);
		return actor;
	}

	get(key: ActorKey): MemoryActor {
		return this.actors.get(key) ?? this.create(key);
	}

	/** Commits these events in one turn of the actor. */
	publish(key: ActorKey, lines: readonly Line[]): void {
		const actor = this.get(key);
		this.#run(actor, () => this.#commit(actor, lines));
	}

	/** The owner goes; another has the journal. */
	move(key: ActorKey): void {
		const actor = this.get(key);
		this.#run(actor, () => {
			actor.writer = this.#nextWriter();
			const gone = [...actor.subscribers];
			actor.subscribers.clear();
			for (const subscriber of gone) subscriber.closed();
		});
	}

	open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		this.opens.push({ key, request });
		const actor = this.actors.get(key);
		if (actor === undefined) {
			setImmediate(() => answer({ ok: false, code: 'NOT_FOUND', message: `there is no ${key}` }));
			return;
		}
		this.#run(actor, () => {
			if (actor.banned.has(request.caller.userId)) {
				answer({ ok: false, code: 'FORBIDDEN', message: 'you are banned' });
				return;
			}
			actor.subscribers.add(request.subscriber);
			const answered = this.#answerTo(actor, request);
			this.delayOpen(() => answer(answered));
		});
	}

	reopen(key: ActorKey, request: ReopenRequest, answer: (answer: ReopenAnswer) => void): void {
		this.reopens.push({ key, request });
		const actor = this.actors.get(key);
		if (actor === undefined) {
			setImmediate(() => answer({ ok: false, code: 'NOT_FOUND', message: `there is no ${key}` }));
			return;
		}
		this.delayReopen(() =>
			this.#run(actor, () => {
				const answered = this.interceptReopen(request) ?? this.#broughtTo(actor, request);
				if (answered.ok && answered.how === 'resumed') actor.subscribers.add(request.subscriber);
				answer(answered);
			}),
		);
	}

	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void {
		this.commands.push({ key, request });
		const creates = request.name === 'make' || request.name === 'post';
		const actor = this.actors.get(key) ?? (creates ? this.create(key) : undefined);
		if (actor === undefined) {
			setImmediate(() => answer({ ok: false, code: 'NOT_FOUND' }));
			return;
		}
		this.#run(actor, () => answer(this.intercept(request) ?? this.#decide(actor, request)));
	}

	ephemeral(key: ActorKey, caller: Caller, [type]: WireEvent): void {
		const actor = this.get(key);
		this.#run(actor, () => {
			for (const subscriber of actor.subscribers) {
				subscriber.ephemeral([type, { userId: caller.userId }], 'all');
			}
		});
	}

	closeOpening(_key: ActorKey, opening: string): void {
		this.closedOpenings.push(opening);
	}

	unsubscribe(key: ActorKey, subscriber: Subscriber): void {
		this.actors.get(key)?.subscribers.delete(subscriber);
	}

	peek(key: ActorKey): Promise<{ position: number; writer: string } | undefined> {
		const actor = this.actors.get(key);
		return Promise.resolve(actor && { position: actor.position, writer: actor.writer });
	}

	/** What a user may have heard of an actor behind a position, as the truth. */
	heard(key: ActorKey, userId: string, behind = 0): WireEvent[] {
		return heard(this.get(key).commits, userId, behind);
	}

	#run(actor: MemoryActor, step: () => void): void {
		actor.mailbox.push(step);
		if (actor.mailbox.length > 1) return;
		setImmediate(() => {
			// One turn takes what waits; what it causes has the next.
			for (const next of actor.mailbox.splice(0)) next();
		});
	}

	#answerTo(actor: MemoryActor, { caller, resume }: OpenRequest): OpenAnswer {
		const { position } = actor;
		const writer = writerOf(actor, position);
		if (resume !== undefined && resume[0] <= position) {
			const [from, by] = resume;
			const events = heard(actor.commits, caller.userId, from);
			if (writerOf(actor, from) === by && events.length <= this.resumeEventsMax) {
				return { ok: true, how: 'resumed', position, writer, events };
			}
		}
		const view = { lines: heard(actor.commits, caller.userId, 0) };
		return { ok: true, how: resume === undefined ? 'opened' : 'reset', position, writer, view };
	}

	#broughtTo(actor: MemoryActor, { callers, resume: [from, by] }: ReopenRequest): ReopenAnswer {
		const { position, commits, banned } = actor;
		const missed = commits.filter((commit) => commit.position > from);
		const isKnown = from <= position && writerOf(actor, from) === by;
		if (!isKnown || missed.length > this.resumeEventsMax) return { ok: true, how: 'reset' };
		const refused = callers
			.filter(({ userId }) => banned.has(userId))
			.map(({ userId }) => ({ userId, code: 'FORBIDDEN' as const, message: 'you are banned' }));
		const writer = writerOf(actor, position);
		return { ok: true, how: 'resumed', position, writer, missed, refused };
	}

	#decide(actor: MemoryActor, { name, args, caller }: CommandRequest): CommandAnswer {
		const { text, to, userId } = args as { text?: string; to?: string[]; userId?: string };
		if (name === 'list') return { ok: true, reply: { position: actor.position } };
		if (name === 'say' || name === 'post') {
			const event: WireEvent = ['said', { by: caller.userId, text }];
			this.#commit(actor, [{ event, audience: to ?? 'all' }]);
		} else if (name === 'kick' && userId !== undefined) {
			this.#commit(actor, [{ event: ['kicked', { userId }], audience: 'all', revoked: [userId] }]);
		} else if (name === 'let' && userId !== undefined) {
			this.#commit(actor, [{ event: ['let', { userId }], audience: 'all' }]);
			actor.banned.delete(userId);
		}
		return { ok: true, reply: { position: actor.position } };
	}

	#commit(actor: MemoryActor, lines: readonly Line[]): void {
		const told = lines.map((line) => ({ ...line, position: ++actor.position }));
		for (const { revoked } of told) {
			for (const userId of revoked === 'all' ? [] : (revoked ?? [])) actor.banned.add(userId);
		}
		const publication = { position: actor.position, writer: actor.writer, told };
		actor.commits.push(publication);
		for (const subscriber of [...actor.subscribers]) subscriber.committed(publication);
	}

	#nextWriter(): string {
		return `writer${String(++this.#writers).padStart(10, '0')}`;
	}
}

const heard = (commits: readonly Publication[], userId: string, behind: number): WireEvent[] =>
	commits
		.flatMap(({ told }) => told)
		.filter(({ position, audience }) => {
			return position > behind && (audience === 'all' || audience.includes(userId));
		})
		.map(({ event }) => event);

const writerOf = ({ commits }: MemoryActor, position: number): string =>
	commits.find((commit) => commit.position >= position)?.writer ?? '';
