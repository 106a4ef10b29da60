import type { Refusal } from '../../../src/protocol/errors.ts';
import type { Resume, WireEvent } from '../../../src/protocol/wire.ts';

export interface FakeMessage {
	seq: number;
	id: string;
	at: number;
	userId: string;
	text: string;
	clientId?: string;
	editedAt?: number;
	deletedAt?: number;
	deletedBy?: string;
	reactions?: Record<string, number>;
	mine?: string[];
}

interface Member {
	readonly userId: string;
	readonly role: 'owner' | 'member';
	readonly joinedAt: number;
	marker: number;
}

export interface Told {
	readonly event: WireEvent;
	/** Only for this user. */
	readonly to?: string;
}

export interface FakeCommand {
	readonly userId: string;
	readonly name: string;
	readonly args: Record<string, unknown>;
	readonly requestId?: string | undefined;
}

export type FakeAnswer = { readonly reply: unknown } | Refusal;

const no = (code: Refusal['code']): Refusal => ({ code });

/** A small channel actor by the book: positions, request ids, markers, derived unread. */
export class FakeChannel {
	readonly id: string;
	readonly now: () => number;
	readonly told: Told[] = [];
	readonly messages: FakeMessage[] = [];
	readonly members = new Map<string, Member>();
	readonly #reactions = new Map<string, Set<string>>();
	readonly #requests = new Map<string, FakeAnswer>();
	/** Times a request id took effect. */
	readonly effects = new Map<string, number>();
	writer = 'writer-1';

	constructor(id: string, now: () => number) {
		this.id = id;
		this.now = now;
	}

	get position(): number {
		return this.told.length;
	}

	/** What a user missed, or nothing when the resume is of another history. */
	missed([position, writer]: Resume, userId: string): WireEvent[] | undefined {
		if (writer !== this.writer || position > this.position) return undefined;
		return this.told
			.slice(position)
			.filter(({ to }) => to === undefined || to === userId)
			.map(({ event }) => event);
	}

	view(userId: string, last: number) {
		const member = this.members.get(userId);
		const messages = last === 0 ? [] : this.messages.slice(-last);
		return {
			id: this.id,
			kind: 'open',
			name: this.id,
			memberCount: this.members.size,
			lastSeq: this.messages.length,
			slowModeMs: 0,
			...(member ? { me: { ...member } } : {}),
			unread: this.unread(userId),
			messages: messages.map((message) => this.shown(message, userId)),
			hasMore: this.messages.length > messages.length,
		};
	}

	unread(userId: string): number {
		const member = this.members.get(userId);
		if (!member) return 0;
		return this.messages.filter(
			({ seq, deletedAt }) => seq > member.marker && deletedAt === undefined,
		).length;
	}

	shown(message: FakeMessage, userId: string): FakeMessage {
		if (message.deletedAt !== undefined) return { ...message };
		const reactions: Record<string, number> = {};
		const mine: string[] = [];
		for (const [key, users] of this.#reactions) {
			const [seq, emoji = ''] = key.split(' ');
			if (Number(seq) !== message.seq || users.size === 0) continue;
			reactions[emoji] = users.size;
			if (users.has(userId)) mine.push(emoji);
		}
		return {
			...message,
			...(Object.keys(reactions).length > 0 ? { reactions } : {}),
			...(mine.length > 0 ? { mine: mine.sort() } : {}),
		};
	}

	run(command: FakeCommand): FakeAnswer {
		const { userId, requestId } = command;
		const key = `${userId} ${requestId}`;
		const before = requestId === undefined ? undefined : this.#requests.get(key);
		if (before) return before;
		const answer = this.#decide(command);
		if (requestId !== undefined && 'reply' in answer) {
			this.#requests.set(key, answer);
			this.effects.set(requestId, (this.effects.get(requestId) ?? 0) + 1);
		}
		return answer;
	}

	#decide({ userId, name, args, requestId }: FakeCommand): FakeAnswer {
		switch (name) {
			case 'create':
			case 'join':
				return this.#join(userId);
			case 'send':
				return this.#send(userId, String(args.text), requestId);
			case 'edit':
				return this.#edit(Number(args.seq), String(args.text));
			case 'delete':
				return this.#delete(Number(args.seq), userId);
			case 'react':
				return this.#react(userId, args as never);
			case 'read':
				return this.#read(userId, Number(args.seq));
			case 'history':
				return this.#history(userId, args);
			default:
				return no('INVALID');
		}
	}

	#tell(type: string, data: unknown, to?: string): void {
		this.told.push({ event: [type, data], ...(to === undefined ? {} : { to }) });
	}

	#join(userId: string): FakeAnswer {
		if (!this.members.has(userId)) {
			const role = this.members.size === 0 ? 'owner' : 'member';
			const marker = this.messages.length;
			const member: Member = { userId, role, joinedAt: this.now(), marker };
			this.members.set(userId, member);
			const memberCount = this.members.size;
			this.#tell('joined', { userId, by: userId, memberCount, member: { ...member } });
		}
		return { reply: { id: this.id } };
	}

	#send(userId: string, text: string, clientId: string | undefined): FakeAnswer {
		const member = this.members.get(userId);
		if (!member) return no('FORBIDDEN');
		if (text === '') return no('INVALID');
		const seq = this.messages.length + 1;
		const base = { seq, id: `${this.id}-${seq}`, at: this.now(), userId, text };
		const message: FakeMessage = clientId === undefined ? base : { ...base, clientId };
		this.messages.push(message);
		member.marker = seq;
		this.#tell('message', { ...message });
		return { reply: { seq, id: message.id, at: message.at } };
	}

	#edit(seq: number, text: string): FakeAnswer {
		const message = this.messages[seq - 1];
		if (!message) return no('NOT_FOUND');
		if (message.deletedAt !== undefined) return no('CONFLICT');
		message.text = text;
		message.editedAt = this.now();
		this.#tell('edited', { seq, text, at: message.editedAt });
		return { reply: {} };
	}

	#delete(seq: number, by: string): FakeAnswer {
		const message = this.messages[seq - 1];
		if (!message) return no('NOT_FOUND');
		if (message.deletedAt !== undefined) return { reply: {} };
		message.text = '';
		message.deletedAt = this.now();
		message.deletedBy = by;
		this.#tell('deleted', { seq, at: message.deletedAt, by });
		return { reply: {} };
	}

	#react(userId: string, args: { seq: number; emoji: string; on: boolean }): FakeAnswer {
		const message = this.messages[args.seq - 1];
		if (!message) return no('NOT_FOUND');
		if (message.deletedAt !== undefined) return no('CONFLICT');
		const key = `${args.seq} ${args.emoji}`;
		const users = this.#reactions.get(key) ?? new Set();
		this.#reactions.set(key, users);
		if (users.has(userId) === args.on) return { reply: {} };
		if (args.on) users.add(userId);
		else users.delete(userId);
		this.#tell('reacted', { userId, ...args, count: users.size });
		return { reply: {} };
	}

	#read(userId: string, seq: number): FakeAnswer {
		const member = this.members.get(userId);
		if (!member) return no('FORBIDDEN');
		const marker = Math.min(seq, this.messages.length);
		if (marker > member.marker) {
			member.marker = marker;
			this.#tell('read', { marker, unread: this.unread(userId) }, userId);
		}
		return { reply: { marker: member.marker, unread: this.unread(userId) } };
	}

	#history(userId: string, args: Record<string, unknown>): FakeAnswer {
		const { before = Number.POSITIVE_INFINITY, after = 0, limit = 50 } = args as never;
		const all = this.messages.filter(({ seq }) => seq < Number(before) && seq > Number(after));
		const page = args.after === undefined ? all.slice(-Number(limit)) : all.slice(0, Number(limit));
		return {
			reply: {
				messages: page.map((message) => this.shown(message, userId)),
				hasMore: all.length > page.length,
			},
		};
	}
}
