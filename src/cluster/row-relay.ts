/**
 * Rows of all nodes as one source for the lists and badges of this node's users. What this node projects
 * it tells at once to its own services and to the others: what concerns a user on the user's subject, a
 * channel's row, read once a second at most, on the channel's. Rows are in the store before they are
 * told, so whatever the relay loses is found there.
 */
import type { Log } from '../core/log.ts';
import type { ProjectionFeed } from '../core/projector.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Reads, Row, RowWrite } from '../core/store.ts';
import type { RowNews, RowSource } from '../gateway/services/row-source.ts';
import type { NodeId } from './directory.ts';
import { Listeners } from './listeners.ts';
import type { Membership } from './ports.ts';
import type { Relay } from './relay.ts';
import {
	newsOf,
	packRows,
	type RowMessage,
	type UserRow,
	unpackRows,
	userRowOf,
} from './row-message.ts';

/** Least time between two rows of one channel. */
const CHANNEL_INTERVAL_MS = 1_000;
const READS_AT_ONCE_MAX = 64;
/** About 60 bytes each: far below what the relay takes. */
const USER_ROWS_PER_MESSAGE_MAX = 2_000;
/** What could not be told while the relay was down is remembered up to so many users and channels. */
const UNTOLD_MAX = 10_000;

export interface RowRelayOptions {
	readonly self: NodeId;
	/** What this node projects. */
	readonly feed: ProjectionFeed;
	readonly reads: Pick<Reads, 'get'>;
	readonly relay: Relay;
	readonly membership: Pick<Membership, 'onChange'>;
	readonly runtime: Pick<Runtime, 'after' | 'monotonic'>;
	readonly log: Log;
	/** What subjects begin with: `.channel.<id>` and `.user.<id>` go on. */
	readonly subjects: string;
}

/** A channel whose rows were projected here a moment ago. */
interface ChannelNews {
	/** What waits for the channel's row, so that both are told together and in order. */
	held: { readonly userId: string; readonly row: UserRow }[];
	isDirty: boolean;
	isReading: boolean;
	isResting: boolean;
}

export class RowRelay implements RowSource {
	readonly wholeFollows = true;
	readonly #options: RowRelayOptions;
	readonly #rows: Listeners<readonly RowNews[]>;
	readonly #missed: Listeners<string | undefined>;
	readonly #undo: (() => void)[];
	readonly #channels = new Map<string, ChannelNews>();
	/** Channels that wait for a read. */
	#toRead: string[] = [];
	#reading = 0;
	/** By the time at which their rest ends. */
	#resting: { readonly until: number; readonly channelId: string }[] = [];
	#cancelRest: (() => void) | undefined;
	#untoldUsers = new Set<string>();
	#untoldChannels = new Set<string>();
	#isStopped = false;

	constructor(options: RowRelayOptions) {
		const { feed, relay, membership, log } = options;
		this.#options = options;
		this.#rows = new Listeners(log);
		this.#missed = new Listeners(log);
		this.#undo = [
			feed.onRows((rows) => this.#projected(rows)),
			relay.onStatus((connected) => {
				if (connected) this.#hearsAgain();
			}),
			// What a node had projected last it may not have told any more.
			membership.onChange(({ gone }) => {
				if (gone.length > 0) this.#missed.tell(undefined);
			}),
		];
	}

	onRows(listener: (rows: readonly RowNews[]) => void): () => void {
		return this.#rows.add(listener);
	}

	onMissed(listener: (userId?: string) => void): () => void {
		return this.#missed.add(listener);
	}

	followUser(userId: string): () => void {
		return this.#listen(this.#userSubject(userId), (message) => {
			if (message.type === 'missed') this.#missed.tell(userId);
			if (message.type !== 'rows') return;
			this.#rows.tell(message.rows.map((row) => newsOf(userId, row)));
		});
	}

	followChannel(channelId: string): () => void {
		return this.#listen(this.#channelSubject(channelId), (message) => {
			if (message.type !== 'channel') return;
			const { changed, doc } = message;
			this.#rows.tell([wholeOf({ key: [channelId], changed, doc })]);
		});
	}

	stop(): void {
		this.#isStopped = true;
		for (const undo of this.#undo) undo();
		this.#cancelRest?.();
		this.#toRead = [];
	}

	#userSubject(userId: string): string {
		return `${this.#options.subjects}.user.${userId}`;
	}

	#channelSubject(channelId: string): string {
		return `${this.#options.subjects}.channel.${channelId}`;
	}

	#listen(subject: string, heard: (message: RowMessage) => void): () => void {
		const { relay, self } = this.#options;
		return relay.subscribe(subject, (bytes) => {
			const message = unpackRows(bytes);
			if (message !== undefined && message.node !== self) heard(message);
		});
	}

	#projected(rows: readonly RowWrite[]): void {
		const touched = new Set<string>();
		for (const row of rows) {
			const isChannel = row.collection === 'channels' && row.op !== 'drop';
			const concerned = isChannel ? undefined : userRowOf(row);
			if (!isChannel && concerned === undefined) continue;
			const channelId = concerned?.row[2] ?? String(row.key[0]);
			const news = this.#news(channelId);
			news.isDirty ||= isChannel;
			if (concerned !== undefined) news.held.push(concerned);
			touched.add(channelId);
		}
		// Parts of channels tell of the order in lists at once.
		this.#rows.tell(rows.filter(({ collection }) => collection === 'channels'));
		for (const channelId of touched) this.#goOn(channelId);
	}

	#news(channelId: string): ChannelNews {
		const known = this.#channels.get(channelId);
		if (known !== undefined) return known;
		const news = { held: [], isDirty: false, isReading: false, isResting: false };
		this.#channels.set(channelId, news);
		return news;
	}

	#goOn(channelId: string): void {
		const news = this.#news(channelId);
		if (news.isReading) return;
		if (news.isDirty && !news.isResting) {
			news.isReading = true;
			this.#toRead.push(channelId);
			this.#readMore();
			return;
		}
		this.#tellUsers(news);
		if (!news.isResting) this.#channels.delete(channelId);
	}

	#readMore(): void {
		while (this.#reading < READS_AT_ONCE_MAX) {
			const channelId = this.#toRead.shift();
			if (channelId === undefined) return;
			this.#reading++;
			void this.#read(channelId).then(() => {
				this.#reading--;
				this.#readMore();
			});
		}
	}

	async #read(channelId: string): Promise<void> {
		const news = this.#news(channelId);
		news.isDirty = false;
		let row: Row | undefined;
		try {
			row = await this.#options.reads.get('channels', [channelId]);
		} catch {
			// The store cannot be read now: the channel is told of once it can.
			news.isDirty = true;
		}
		if (this.#isStopped) return;
		news.isReading = false;
		news.isResting = true;
		this.#tellUsers(news);
		if (row !== undefined) this.#tellChannel(channelId, row);
		this.#rest(channelId);
	}

	#rest(channelId: string): void {
		const until = this.#options.runtime.monotonic() + CHANNEL_INTERVAL_MS;
		this.#resting.push({ until, channelId });
		this.#restOn();
	}

	#restOn(): void {
		const [first] = this.#resting;
		if (first === undefined || this.#cancelRest !== undefined) return;
		const { runtime } = this.#options;
		this.#cancelRest = runtime.after(first.until - runtime.monotonic(), () => {
			this.#cancelRest = undefined;
			const now = runtime.monotonic();
			const rested = this.#resting.findIndex(({ until }) => until > now);
			const ended = this.#resting.splice(0, rested < 0 ? this.#resting.length : rested);
			for (const { channelId } of ended) {
				this.#news(channelId).isResting = false;
				this.#goOn(channelId);
			}
			this.#restOn();
		});
	}

	#tellUsers(news: ChannelNews): void {
		const { held } = news;
		if (held.length === 0) return;
		news.held = [];
		this.#rows.tell(held.map(({ userId, row }) => newsOf(userId, row)));
		const byUser = new Map<string, UserRow[]>();
		for (const { userId, row } of held) byUser.set(userId, merged(byUser.get(userId), row));
		for (const [userId, rows] of byUser) {
			for (let from = 0; from < rows.length; from += USER_ROWS_PER_MESSAGE_MAX) {
				const part = rows.slice(from, from + USER_ROWS_PER_MESSAGE_MAX);
				this.#tellUser(userId, { type: 'rows', rows: part });
			}
		}
	}

	#tellUser(userId: string, message: RowMessage): void {
		const { relay, self } = this.#options;
		if (relay.connected) relay.publish(this.#userSubject(userId), packRows(self, message));
		else if (this.#untoldUsers.size < UNTOLD_MAX) this.#untoldUsers.add(userId);
	}

	#tellChannel(channelId: string, row: Row): void {
		const { relay, self } = this.#options;
		this.#rows.tell([wholeOf(row)]);
		if (relay.connected) {
			const { changed, doc } = row;
			const message = { type: 'channel', changed, doc } as const;
			relay.publish(this.#channelSubject(channelId), packRows(self, message));
		} else if (this.#untoldChannels.size < UNTOLD_MAX) this.#untoldChannels.add(channelId);
	}

	/** Whatever was said meanwhile was not heard, neither here nor, of this node, by others. */
	#hearsAgain(): void {
		this.#missed.tell(undefined);
		const [users, channels] = [this.#untoldUsers, this.#untoldChannels];
		this.#untoldUsers = new Set();
		this.#untoldChannels = new Set();
		for (const userId of users) this.#tellUser(userId, { type: 'missed' });
		for (const channelId of channels) {
			this.#news(channelId).isDirty = true;
			this.#goOn(channelId);
		}
	}
}

const wholeOf = ({ key, changed, doc }: Row): RowNews => ({
	op: 'put',
	collection: 'channels',
	key,
	doc,
	changed,
});

/** With one row more; of markers of a channel that follow each other the last one counts. */
function merged(rows: UserRow[] = [], row: UserRow): UserRow[] {
	const last = rows.at(-1);
	const isNext = row[0] === 'patch' && last?.[0] === 'patch' && last[2] === row[2];
	if (isNext && row[1] === 'members' && last[1] === 'members') rows.pop();
	rows.push(row);
	return rows;
}
