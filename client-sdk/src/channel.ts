import { type ChannelChange, type ChannelInfo, ChannelLog } from './channel-log.ts';
import { ChannelOutbox, type PendingMessage, type SendArgs, type Sent } from './channel-outbox.ts';
import { ChannelHandle, type ChannelTypes, channelTable } from './generated/channel.ts';
import type { Member, Message, Role } from './generated/schemas.ts';
import type { HandleSink } from './handle.ts';
import { Listeners, type Undo } from './listeners.ts';
import type { NaruError } from './naru-error.ts';
import { ReadMarker } from './read-marker.ts';
import type { Session } from './session.ts';
import type { Unsent, UnsentStore } from './unsent-store.ts';

/** `typing()` tells others at most this often. */
const TYPING_EVERY_MS = 3_000;
/** Messages kept for a listener that is not there yet. */
const UNTOLD_MAX = 1_000;

/** What an opening answers. */
export interface ChannelView extends ChannelInfo {
	readonly id: string;
	/** Ascending by seq. */
	readonly messages: readonly Message[];
	/** Whether there are older ones. */
	readonly hasMore: boolean;
	/** The own membership; absent for a visitor. */
	readonly me: Member | undefined;
	readonly unread: number;
}

export interface ChannelEvents {
	/** Each message behind the opening once, in order, own ones included. */
	readonly message: Message;
	/** Edits, deletions, reactions, membership, roles, names, own read markers. */
	readonly change: ChannelChange;
	/** An own message on its way. */
	readonly pending: PendingMessage;
	readonly typing: { readonly userId?: string | undefined };
	/** Too much was missed, or the history is another: all that was shown is void. */
	readonly reset: ChannelView;
	/** The server closed the channel for this user. */
	readonly closed: NaruError;
}

type Commands = ChannelTypes['commands'];
type HistoryArgs = Commands['history']['args'];
type MembersArgs = Commands['members']['args'];

/** @internal What a channel shares with all others of its client. */
export interface ChannelContext {
	readonly session: Session;
	readonly store: UnsentStore;
	readonly now: () => number;
	readonly userId: () => string | undefined;
}

/**
 * One chat channel. Any call or `on()` opens it; from then on it stays current, over lost sockets
 * too, until `close()`. Every device ends with the same messages, edits, deletions and reactions.
 */
export class Channel {
	readonly id: string;
	readonly #context: ChannelContext;
	readonly #handle: ChannelHandle;
	readonly #log: ChannelLog;
	readonly #outbox: ChannelOutbox;
	readonly #marker: ReadMarker;
	readonly #listeners: Listeners<ChannelEvents>;
	#last = 50;
	#untold: Message[] = [];
	#typedAt = Number.NEGATIVE_INFINITY;

	/** @internal */
	constructor(id: string, context: ChannelContext) {
		this.id = id;
		this.#context = context;
		this.#listeners = new Listeners((type) => (type === 'message' ? this.#tellLate() : undefined));
		this.#log = new ChannelLog(() => context.userId() ?? '');
		this.#handle = new ChannelHandle(context.session, {
			table: channelTable,
			id: () => id,
			args: () => ({ last: this.#last }),
			sink: this.#sink(),
		});
		this.#marker = new ReadMarker(this.#handle);
		this.#outbox = new ChannelOutbox({
			handle: this.#handle,
			channel: id,
			store: context.store,
			tell: (pending) => this.#listeners.emit('pending', pending),
			newId: context.session.environment.newId,
			now: context.now,
			userId: context.userId,
			has: (seq) => seq <= this.#log.info.lastSeq,
			isEnded: () => context.session.ended !== undefined,
		});
	}

	/** Messages loaded so far, ascending by seq. */
	get messages(): readonly Message[] {
		return this.#log.messages;
	}

	/** Own messages that are not among them yet, oldest first. */
	get pending(): readonly PendingMessage[] {
		return this.#outbox.messages;
	}

	get kind(): ChannelInfo['kind'] {
		return this.#log.info.kind;
	}

	get name(): string {
		return this.#log.info.name;
	}

	get memberCount(): number {
		return this.#log.info.memberCount;
	}

	/** The own membership; `undefined` for a visitor and before the opening. */
	get me(): Member | undefined {
		return this.#log.me;
	}

	/** Exact up to 999; 1,000 stands for more. */
	get unread(): number {
		return this.#log.unread;
	}

	/** Whether there are messages before the first loaded one. */
	get hasMore(): boolean {
		return this.#log.hasMore;
	}

	get isOpen(): boolean {
		return this.#handle.isOpen;
	}

	/**
	 * The channel with its last messages; live events begin right behind them, also for a listener
	 * that is added after this.
	 */
	async open({ last = 50 }: { readonly last?: number } = {}): Promise<ChannelView> {
		if (!this.#handle.isOpen) this.#last = last;
		await this.#handle.open();
		const first = this.messages[0];
		const missing = last - this.messages.length;
		if (missing > 0 && this.hasMore && first) {
			await this.history({ before: first.seq, limit: missing });
		}
		return this.#view(last);
	}

	/** Every `on()` opens the channel and returns its undo. */
	on<E extends keyof ChannelEvents>(type: E, listener: (value: ChannelEvents[E]) => void): Undo {
		this.#want();
		return this.#listeners.on(type, listener);
	}

	/** On a free id this creates a public channel, where the server allows that. */
	async join(): Promise<void> {
		await this.#handle.join();
	}

	async leave(): Promise<void> {
		await this.#handle.leave();
	}

	/**
	 * Resolves when the message is stored; until then it is sent again by itself, over lost sockets
	 * and, with `storage`, restarts. `clientId` makes it the same message however often it is sent.
	 */
	send(content: string | SendArgs, options: { readonly clientId?: string } = {}): Promise<Sent> {
		const args = typeof content === 'string' ? { text: content } : content;
		// The message ends what others were told of typing; the next key is news again.
		this.#typedAt = Number.NEGATIVE_INFINITY;
		return this.#outbox.send(args, options.clientId);
	}

	/** Takes a failed message out of {@link pending}. */
	discard(clientId: string): void {
		this.#outbox.discard(clientId);
	}

	/** A page by seq, ascending; what it holds is kept up to date among {@link messages}. */
	async history(args: HistoryArgs = {}): Promise<Commands['history']['reply']> {
		const page = await this.#handle.history(args);
		const first = this.messages[0];
		const isOlder = args.before !== undefined && args.before === first?.seq;
		this.#log.load(page.messages, isOlder ? page : undefined);
		return page;
	}

	async edit(seq: number, text: string): Promise<void> {
		await this.#handle.edit({ seq, text });
	}

	async delete(seq: number): Promise<void> {
		await this.#handle.delete({ seq });
	}

	async react(seq: number, emoji: string, on = true): Promise<void> {
		await this.#handle.react({ seq, emoji, on });
	}

	/** Moves the own read marker; calls in quick succession are merged. */
	read(seq: number = this.#log.info.lastSeq): Promise<Commands['read']['reply']> {
		this.#log.read(seq);
		const answer = this.#marker.read(seq);
		// Nobody has to wait for a read marker; who does still gets the rejection.
		answer.then(
			({ marker }) => this.#log.readAnswered(marker),
			() => this.#log.readAnswered(),
		);
		return answer;
	}

	/** Tells the others; call it on every key, it is told at most every 3 s. */
	typing(): void {
		const now = this.#context.session.environment.now();
		if (now - this.#typedAt < TYPING_EVERY_MS) return;
		if (this.#handle.isOpen) this.#typedAt = now;
		this.#handle.tell('typing', {});
	}

	members(args: MembersArgs = {}): Promise<Commands['members']['reply']> {
		return this.#handle.members(args);
	}

	async add(users: string | readonly string[]): Promise<void> {
		await this.#handle.add({ users: typeof users === 'string' ? [users] : users });
	}

	async kick(userId: string): Promise<void> {
		await this.#handle.kick({ userId });
	}

	async ban(userId: string): Promise<void> {
		await this.#handle.ban({ userId });
	}

	async unban(userId: string): Promise<void> {
		await this.#handle.unban({ userId });
	}

	/** For `ms` milliseconds from now; 0 ends it. */
	async mute(userId: string, ms: number): Promise<void> {
		await this.#handle.mute({ userId, ms });
	}

	async setRole(userId: string, role: Role): Promise<void> {
		await this.#handle.setRole({ userId, role });
	}

	/** One message per user in `ms` milliseconds; 0 ends it. */
	async slowMode(ms: number): Promise<void> {
		await this.#handle.slowMode({ ms });
	}

	async rename(name: string): Promise<void> {
		await this.#handle.rename({ name });
	}

	/** Stops following the channel; what waits is rejected with `CLOSED`. */
	close(): void {
		this.#handle.close();
		this.#log.clear();
		this.#untold = [];
	}

	/** @internal Makes the channel: the first command of an id that is free. */
	async create(args: Commands['create']['args']): Promise<void> {
		await this.#handle.create(args);
	}

	/** @internal Takes up what an earlier life of the app left unsent. */
	restore(unsent: Unsent): void {
		this.#outbox.restore(unsent);
	}

	#want(): void {
		this.#handle.want();
	}

	#view(last: number): ChannelView {
		const messages = last === 0 ? [] : this.messages.slice(-last);
		// Live events begin behind what is handed out here.
		this.#untold = [];
		return {
			...this.#log.info,
			id: this.id,
			messages,
			hasMore: this.hasMore || messages.length < this.messages.length,
			me: this.me,
			unread: this.unread,
		};
	}

	/** What came before anybody listened is told to all who listen by now. */
	#tellLate(): undefined {
		const untold = this.#untold;
		this.#untold = [];
		for (const message of untold) this.#listeners.emit('message', message);
	}

	#sink(): HandleSink {
		return {
			opened: (view, isReset) => this.#opened(view as ChannelTypes['view'], isReset),
			event: (type, data) => this.#event(type, data),
			ephemeral: (type, data) => {
				if (type === 'typing') this.#listeners.emit('typing', data as ChannelEvents['typing']);
			},
			closed: (error) => this.#listeners.emit('closed', error),
		};
	}

	#opened(view: ChannelTypes['view'], isReset: boolean): void {
		this.#log.reset(view);
		this.#untold = [];
		for (const message of view.messages) this.#outbox.arrived(message);
		this.#outbox.caughtUp();
		if (isReset) this.#listeners.emit('reset', this.#view(view.messages.length));
	}

	#event(type: string, data: unknown): void {
		if (type !== 'message') {
			this.#listeners.emit('change', this.#log.apply(type as ChannelChange['type'], data as never));
			return;
		}
		const message = data as Message;
		if (!this.#log.add(message)) return;
		this.#outbox.arrived(message);
		if (this.#listeners.has('message')) this.#listeners.emit('message', message);
		else if (this.#untold.push(message) > UNTOLD_MAX) this.#untold.shift();
	}
}
