import type { Runtime } from '../../core/runtime.ts';
import type { Doc, Reads, Row } from '../../core/store.ts';
import type { ChannelSummary } from '../../protocol/user.ts';
import { BadgeChecks } from './badge-checks.ts';
import { publicSummary, unreadIn } from './channel-summary.ts';
import type { ChannelsSession } from './channels-session.ts';
import { type MembershipListener, MemberWatch } from './member-watch.ts';
import type { RowNews, RowSource } from './row-source.ts';

/** Least time between two changes of one channel to one session (C8). */
const CHANGE_INTERVAL_MS = 1_000;
/** A member's marker and the channel's row come as two messages, which should be told as one change. */
const GATHER_MS = 20;
/** Members told in one go, so that the loop is not held up by a large channel. */
const SLICE_LENGTH = 128;

/** One channel that somebody here is a member of. */
interface ChannelWatch {
	readonly members: Set<MemberWatch>;
	/** Only rises. Unknown until read or changed. */
	lastAt?: number;
	/** The position of the row that all members were told of last, or that somebody has read. */
	toldUpTo?: number | undefined;
	readUpTo?: number | undefined;
	/** The row as another node told of it, until its members are told. */
	row?: WholeRow | undefined;
	/** Ends what was begun to hear of the channel. */
	readonly unfollow: () => void;
	/** Who has to be told at the end of the interval. */
	dirty?: Set<MemberWatch> | 'all' | undefined;
	/** Set while an interval runs, or members are told. */
	busy: boolean;
}

type WholeRow = Pick<Row, 'changed' | 'doc'>;

export interface WatchOptions {
	readonly reads: Reads;
	/** Rows that are in the store by now, of this node or of all. */
	readonly feed: RowSource;
	readonly runtime: Runtime;
}

/**
 * Follows the channels of all users with sessions here: projected rows mark channels as changed, and
 * their members are told at most once a second, always the newest. A row costs what the sessions
 * concerned cost; rows of other channels cost a look-up. Where rows may be lost, everything is read
 * again from time to time.
 */
export class ChannelWatches implements MembershipListener {
	readonly #options: WatchOptions;
	readonly #users = new Map<string, MemberWatch>();
	readonly #channels = new Map<string, ChannelWatch>();
	readonly #undo: (() => void)[] = [];

	constructor(options: WatchOptions) {
		const { feed, runtime } = options;
		this.#options = options;
		this.#undo.push(
			feed.onRows((rows) => {
				for (const row of rows) this.#take(row);
			}),
		);
		if (feed.onMissed === undefined) return;
		const checks = new BadgeChecks({
			runtime,
			users: this.#users,
			channels: this.#channels,
			checkUser: (watch) => this.#checkUser(watch),
			checkChannel: (channelId) => this.#checkChannel(channelId),
		});
		this.#undo.push(
			feed.onMissed((userId) => {
				const watch = userId === undefined ? undefined : this.#users.get(userId);
				if (userId === undefined) checks.hurry();
				else if (watch !== undefined) checks.check(watch);
			}),
			() => checks.stop(),
		);
	}

	/** The user's watch, for one more session. */
	watch(userId: string): MemberWatch {
		const there = this.#users.get(userId);
		if (there !== undefined) return there;
		const { reads, feed } = this.#options;
		const follow = feed.followUser?.bind(feed);
		const made = new MemberWatch(userId, { reads, listener: this, follow });
		this.#users.set(userId, made);
		return made;
	}

	/** A session of the watch ended. */
	release(watch: MemberWatch): void {
		if (watch.sessions.size > 0) return;
		if (this.#users.get(watch.userId) === watch) this.#users.delete(watch.userId);
		watch.close();
	}

	/** Tells what the session missed, as it is now; changes as fast as all changes of a channel. */
	retell(watch: MemberWatch, session: ChannelsSession): void {
		for (const id of session.takeMissed()) {
			if (watch.memberships.has(id)) this.#touch(id, watch);
			else session.tell(['gone', { id }]);
		}
	}

	lastAt(channelId: string): number | undefined {
		return this.#channels.get(channelId)?.lastAt;
	}

	/** Somebody has read the channel's row. */
	learn({ key, doc, changed }: Row): void {
		const channel = this.#channels.get(String(key[0]));
		if (channel === undefined) return;
		channel.readUpTo = Math.max(changed, channel.readUpTo ?? 0);
		learnLastAt(channel, doc);
	}

	/** A member's own summary; nothing when the membership has ended meanwhile. */
	async summary(watch: MemberWatch, doc: Doc): Promise<ChannelSummary | undefined> {
		const common = publicSummary(doc);
		const membership = watch.memberships.get(common.id);
		if (membership === undefined) return undefined;
		const isRead = unreadIn(doc, membership.marker) === 0;
		const mentions = isRead ? 0 : await watch.mentionsIn(common.id);
		const { marker } = membership;
		return { ...common, unread: unreadIn(doc, marker), mentions, marker };
	}

	began(watch: MemberWatch, channelId: string): void {
		const channel = this.#channels.get(channelId) ?? this.#follow(channelId);
		channel.members.add(watch);
	}

	ended(watch: MemberWatch, channelId: string): void {
		const channel = this.#channels.get(channelId);
		if (channel?.members.delete(watch) !== true || channel.members.size > 0) return;
		this.#channels.delete(channelId);
		channel.unfollow();
	}

	close(): void {
		for (const undo of this.#undo) undo();
		for (const watch of this.#users.values()) watch.close();
		this.#users.clear();
	}

	#follow(channelId: string): ChannelWatch {
		const { feed } = this.#options;
		const unfollow = feed.followChannel?.(channelId) ?? (() => {});
		const channel = { members: new Set<MemberWatch>(), busy: false, unfollow };
		this.#channels.set(channelId, channel);
		return channel;
	}

	#take(row: RowNews): void {
		if (row.collection === 'channels') this.#takeChannel(row);
		else if (row.collection === 'members') this.#takeMember(row);
		else if (row.collection === 'mentions') this.#takeMention(row);
	}

	#takeChannel(row: RowNews): void {
		const channelId = String(row.key[0]);
		const channel = this.#channels.get(channelId);
		if (channel === undefined || row.op === 'drop') return;
		learnLastAt(channel, row.doc);
		const { changed, doc } = row;
		if (changed === undefined) {
			if (this.#options.feed.wholeFollows !== true) this.#touch(channelId);
			return;
		}
		// Told already, or by an owner that was.
		if (changed <= Math.max(channel.toldUpTo ?? 0, channel.row?.changed ?? 0)) return;
		channel.row = { changed, doc };
		this.#touch(channelId);
	}

	#takeMember(row: RowNews): void {
		const channelId = String(row.key[0]);
		const watch = this.#users.get(String(row.key[1]));
		if (watch === undefined) return;
		if (row.op === 'drop') {
			if (watch.end(channelId)) watch.tell(['gone', { id: channelId }]);
			return;
		}
		const { marker } = row.doc;
		if (typeof marker !== 'number') return;
		if (row.op === 'put') watch.begin(channelId, marker);
		else watch.raise(channelId, marker);
		this.#touch(channelId, watch);
	}

	#takeMention({ op, key }: RowNews): void {
		const mentions = this.#users.get(String(key[0]))?.memberships.get(String(key[1]))?.mentions;
		if (op === 'drop') mentions?.drop(Number(key[2]));
		else mentions?.put(Number(key[2]));
	}

	/** Has one member told, or all. */
	#touch(channelId: string, watch?: MemberWatch): void {
		const channel = this.#channels.get(channelId);
		if (channel === undefined) return;
		if (watch === undefined) channel.dirty = 'all';
		else if (channel.dirty !== 'all') channel.dirty = (channel.dirty ?? new Set()).add(watch);
		if (channel.busy) return;
		channel.busy = true;
		const { feed, runtime } = this.#options;
		const flush = () => void this.#flush(channelId, channel);
		if (feed.wholeFollows === true) runtime.after(GATHER_MS, flush);
		else runtime.defer(flush);
	}

	/** Tells who has to be told; goes on after the interval with what came meanwhile. */
	async #flush(channelId: string, channel: ChannelWatch): Promise<void> {
		const { dirty } = channel;
		channel.dirty = undefined;
		try {
			const row = takeRow(channel) ?? (await this.#options.reads.get('channels', [channelId]));
			const members = dirty === 'all' ? channel.members : (dirty ?? []);
			if (dirty === 'all') channel.toldUpTo = Math.max(row?.changed ?? 0, channel.toldUpTo ?? 0);
			if (row !== undefined) await this.#tell(row.doc, [...members]);
		} catch {
			// The store cannot be read now: everybody is told once it can.
			channel.dirty = 'all';
		}
		this.#options.runtime.after(CHANGE_INTERVAL_MS, () => {
			channel.busy = false;
			if (channel.dirty === undefined || this.#channels.get(channelId) !== channel) return;
			channel.busy = true;
			void this.#flush(channelId, channel);
		});
	}

	async #tell(doc: Doc, members: readonly MemberWatch[]): Promise<void> {
		for (let from = 0; from < members.length; from += SLICE_LENGTH) {
			if (from > 0) await new Promise<void>((go) => this.#options.runtime.defer(go));
			const slice = members.slice(from, from + SLICE_LENGTH);
			await Promise.all(
				slice.map(async (watch) => {
					const summary = await this.summary(watch, doc);
					if (summary !== undefined) watch.tell(['change', summary]);
				}),
			);
		}
	}

	async #checkUser(watch: MemberWatch): Promise<void> {
		const { changed, gone } = await watch.recheck();
		for (const channelId of changed) this.#touch(channelId, watch);
		for (const id of gone) watch.tell(['gone', { id }]);
	}

	async #checkChannel(channelId: string): Promise<void> {
		const row = await this.#options.reads.get('channels', [channelId]);
		const channel = this.#channels.get(channelId);
		if (channel === undefined || row === undefined) return;
		const known = Math.max(channel.toldUpTo ?? 0, channel.readUpTo ?? 0);
		this.learn(row);
		if (row.changed > known) this.#touch(channelId);
	}
}

function learnLastAt(channel: ChannelWatch, { lastAt }: Doc): void {
	if (typeof lastAt === 'number') channel.lastAt = Math.max(lastAt, channel.lastAt ?? 0);
}

function takeRow(channel: ChannelWatch): WholeRow | undefined {
	const { row } = channel;
	channel.row = undefined;
	return row;
}
