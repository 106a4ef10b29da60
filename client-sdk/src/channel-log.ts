import { UNREAD_MAX } from '../../src/protocol/limits.ts';
import type { ChannelTypes } from './generated/channel.ts';
import type { Member, Message } from './generated/schemas.ts';

/** Most messages kept of one channel; the oldest give way. */
const MESSAGES_KEPT_MAX = 10_000;

type View = ChannelTypes['view'];
type Events = ChannelTypes['events'];

/** What changed besides a new message: the event, and the message it is about if that is loaded. */
export type ChannelChange = {
	readonly [E in Exclude<keyof Events, 'message'>]: {
		readonly type: E;
		readonly message?: Message | undefined;
	} & Events[E];
}[Exclude<keyof Events, 'message'>];

/** What is known of the channel itself. */
export interface ChannelInfo {
	readonly kind: View['kind'];
	readonly name: string;
	readonly memberCount: number;
	readonly lastSeq: number;
	readonly slowModeMs: number;
}

const NOTHING: ChannelInfo = { kind: 'open', name: '', memberCount: 0, lastSeq: 0, slowModeMs: 0 };

/**
 * What one device knows of a channel: the messages loaded so far with all edits, deletions and
 * reactions, and the own membership. Every event may be applied twice; the result is the same.
 */
export class ChannelLog {
	readonly #self: () => string;
	#messages: Message[] = [];
	/** Handed out; made anew after a change. */
	#shown: readonly Message[] | undefined;
	#info: ChannelInfo = NOTHING;
	#me: Member | undefined;
	#unread = 0;
	/** Of these it is said here that they are read, and the server has not said so yet. */
	#readHere = 0;
	#hasMore = false;

	/** `self`: the signed-in user. */
	constructor(self: () => string) {
		this.#self = self;
	}

	get messages(): readonly Message[] {
		this.#shown ??= [...this.#messages];
		return this.#shown;
	}

	get info(): ChannelInfo {
		return this.#info;
	}

	get me(): Member | undefined {
		return this.#me;
	}

	/** Exact up to 999; 1,000 stands for more. */
	get unread(): number {
		return Math.min(Math.max(this.#unread - this.#readHere, 0), UNREAD_MAX + 1);
	}

	/** Whether there are older messages than the first loaded one. */
	get hasMore(): boolean {
		return this.#hasMore;
	}

	/** Begins anew from what the server says. */
	reset(view: View): void {
		const { kind, name, memberCount, lastSeq, slowModeMs } = view;
		this.#info = { kind, name, memberCount, lastSeq, slowModeMs };
		this.#me = view.me;
		this.#unread = view.unread;
		this.#readHere = 0;
		this.#hasMore = view.hasMore;
		this.#messages = [...view.messages];
		this.#shown = undefined;
	}

	/** Forgets all. */
	clear(): void {
		this.reset({ ...NOTHING, id: '', unread: 0, messages: [], hasMore: false });
	}

	/** Takes a page of history in. `isOlder`: it ends right before the first loaded message. */
	load(page: readonly Message[], older?: { readonly hasMore: boolean }): void {
		for (const message of page) this.#put(message);
		if (older) this.#hasMore = older.hasMore;
	}

	/** Takes a new message; false when it is known already. */
	add(message: Message): boolean {
		if (message.seq <= this.#info.lastSeq) return false;
		this.#put(message);
		this.#info = { ...this.#info, lastSeq: message.seq };
		if (this.#messages.length > MESSAGES_KEPT_MAX) {
			this.#messages.splice(0, this.#messages.length - MESSAGES_KEPT_MAX);
			this.#hasMore = true;
		}
		if (message.userId === this.#self()) this.#mark(message.seq, 0);
		else if (this.#me) this.#unread++;
		return true;
	}

	/** All up to `seq` was read on this device, before the server knows. */
	read(seq: number): void {
		if (seq >= this.#info.lastSeq) this.#readHere = this.#unread;
	}

	/** The server answered with its marker, or not at all: what it tells is what counts. */
	readAnswered(marker = 0): void {
		if (marker <= (this.#me?.marker ?? 0)) this.#readHere = 0;
	}

	/** Applies a change; answers with what to tell of it. */
	apply<E extends ChannelChange['type']>(type: E, data: Events[E]): ChannelChange {
		const change = { type, ...data } as ChannelChange;
		const message = this.#change(change);
		return message ? { ...change, message } : change;
	}

	#change(change: ChannelChange): Message | undefined {
		switch (change.type) {
			case 'edited':
				return this.#replace(change.seq, (message) =>
					message.deletedAt === undefined
						? { ...message, text: change.text, editedAt: change.at }
						: message,
				);
			case 'deleted':
				return this.#deleted(change);
			case 'reacted':
				return this.#replace(change.seq, (message) => this.#reacted(message, change));
			case 'joined':
			case 'left':
				this.#member(change);
				return undefined;
			case 'read':
				this.#mark(change.marker, change.unread);
				return undefined;
			case 'muted':
				if (this.#isSelf(change.userId)) this.#update({ mutedUntil: change.until });
				return undefined;
			case 'roleSet':
				if (this.#isSelf(change.userId)) this.#update({ role: change.role });
				return undefined;
			case 'slowModeSet':
				this.#info = { ...this.#info, slowModeMs: change.ms };
				return undefined;
			case 'renamed':
				this.#info = { ...this.#info, name: change.name };
				return undefined;
			// An event of a newer server: told, not understood.
			default:
				return undefined;
		}
	}

	#deleted({ seq, at, by }: Events['deleted']): Message | undefined {
		const isBehind = this.#me !== undefined && seq > this.#me.marker;
		const known = this.#find(seq);
		const isNews = known?.deletedAt === undefined;
		// More than 999 are not counted exactly, so that nothing can be taken off.
		if (isBehind && isNews && this.#unread > 0 && this.#unread <= UNREAD_MAX) this.#unread--;
		return this.#replace(seq, (message) => {
			const { data: _, mentions: __, reactions: ___, mine: ____, ...rest } = message;
			return { ...rest, text: '', deletedAt: at, deletedBy: by };
		});
	}

	#reacted(message: Message, { emoji, on, count, userId }: Events['reacted']): Message {
		if (message.deletedAt !== undefined) return message;
		const { reactions: before = {}, mine: own = [], ...rest } = message;
		const { [emoji]: _, ...others } = before;
		const reactions = count > 0 ? { ...others, [emoji]: count } : others;
		const without = own.filter((one) => one !== emoji);
		const isOwn = this.#isSelf(userId);
		const mine = isOwn ? (on ? [...without, emoji].sort() : without) : own;
		return {
			...rest,
			...(Object.keys(reactions).length > 0 ? { reactions } : {}),
			...(mine.length > 0 ? { mine } : {}),
		};
	}

	#member(change: Extract<ChannelChange, { type: 'joined' | 'left' }>): void {
		this.#info = { ...this.#info, memberCount: change.memberCount };
		if (!this.#isSelf(change.userId)) return;
		this.#me = change.type === 'joined' ? change.member : undefined;
		this.#unread = 0;
	}

	#mark(marker: number, unread: number): void {
		if (!this.#me || marker < this.#me.marker) return;
		this.#update({ marker });
		this.#unread = unread;
		this.#readHere = 0;
	}

	#isSelf(userId: string): boolean {
		return userId === this.#self();
	}

	#update(part: Partial<Member>): void {
		if (this.#me) this.#me = { ...this.#me, ...part };
	}

	/** Where `seq` is, or would be. */
	#indexOf(seq: number): number {
		let low = 0;
		let high = this.#messages.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if ((this.#messages[middle]?.seq ?? 0) < seq) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	#find(seq: number): Message | undefined {
		const message = this.#messages[this.#indexOf(seq)];
		return message?.seq === seq ? message : undefined;
	}

	#put(message: Message): void {
		const at = this.#indexOf(message.seq);
		const isKnown = this.#messages[at]?.seq === message.seq;
		this.#messages.splice(at, isKnown ? 1 : 0, message);
		this.#shown = undefined;
	}

	#replace(seq: number, change: (message: Message) => Message): Message | undefined {
		const at = this.#indexOf(seq);
		const message = this.#messages[at];
		if (message?.seq !== seq) return undefined;
		const changed = change(message);
		this.#messages[at] = changed;
		this.#shown = undefined;
		return changed;
	}
}
