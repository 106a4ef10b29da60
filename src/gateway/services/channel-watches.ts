import type { ProjectionFeed } from '../../core/projector.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Doc, Reads, RowWrite } from '../../core/store.ts';
import type { ChannelSummary } from '../../protocol/user.ts';
import { publicSummary, unreadIn } from './channel-summary.ts';
import type { ChannelsSession } from './channels-session.ts';
import { type MembershipListener, MemberWatch } from './member-watch.ts';

/** Least time between two changes of one channel to one session (C8). */
const CHANGE_INTERVAL_MS = 1_000;
/** Members told in one go, so that the loop is not held up by a large channel. */
const SLICE_LENGTH = 128;

/** One channel that somebody here is a member of. */
interface ChannelWatch {
	readonly members: Set<MemberWatch>;
	/** Only rises. Unknown until read or changed. */
	lastAt?: number;
	/** Who has to be told at the end of the interval. */
	dirty?: Set<MemberWatch> | 'all' | undefined;
	/** Set while an interval runs, or members are told. */
	busy: boolean;
}

export interface WatchOptions {
	readonly reads: Reads;
	readonly feed: ProjectionFeed;
	readonly runtime: Runtime;
}

/**
 * Follows the channels of all users with sessions here: projected rows mark channels as changed, and
 * their members are told at most once a second, always the newest. A row costs what the sessions
 * concerned cost; rows of other channels cost a look-up.
 */
export class ChannelWatches implements MembershipListener {
	readonly #options: WatchOptions;
	readonly #users = new Map<string, MemberWatch>();
	readonly #channels = new Map<string, ChannelWatch>();
	readonly #undo: () => void;

	constructor(options: WatchOptions) {
		this.#options = options;
		this.#undo = options.feed.onRows((rows) => {
			for (const row of rows) this.#take(row);
		});
	}

	/** The user's watch, for one more session. */
	watch(userId: string): MemberWatch {
		const there = this.#users.get(userId);
		if (there !== undefined) return there;
		const { reads } = this.#options;
		const made = new MemberWatch(userId, { reads, listener: this });
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

	learnLastAt(channelId: string, lastAt: number): void {
		const channel = this.#channels.get(channelId);
		if (channel !== undefined) channel.lastAt = Math.max(lastAt, channel.lastAt ?? 0);
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
		const channel = this.#channels.get(channelId) ?? { members: new Set(), busy: false };
		channel.members.add(watch);
		this.#channels.set(channelId, channel);
	}

	ended(watch: MemberWatch, channelId: string): void {
		const channel = this.#channels.get(channelId);
		channel?.members.delete(watch);
		if (channel?.members.size === 0) this.#channels.delete(channelId);
	}

	close(): void {
		this.#undo();
		for (const watch of this.#users.values()) watch.close();
		this.#users.clear();
	}

	#take(row: RowWrite): void {
		if (row.collection === 'channels') this.#takeChannel(row);
		else if (row.collection === 'members') this.#takeMember(row);
		else if (row.collection === 'mentions') this.#takeMention(row);
	}

	#takeChannel(row: RowWrite): void {
		const channelId = String(row.key[0]);
		const channel = this.#channels.get(channelId);
		if (channel === undefined || row.op === 'drop') return;
		if (typeof row.doc.lastAt === 'number') this.learnLastAt(channelId, row.doc.lastAt);
		this.#touch(channelId);
	}

	#takeMember(row: RowWrite): void {
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

	#takeMention({ op, key }: RowWrite): void {
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
		this.#options.runtime.defer(() => void this.#flush(channelId, channel));
	}

	/** Tells who has to be told; goes on after the interval with what came meanwhile. */
	async #flush(channelId: string, channel: ChannelWatch): Promise<void> {
		const { dirty } = channel;
		channel.dirty = undefined;
		try {
			const row = await this.#options.reads.get('channels', [channelId]);
			const members = dirty === 'all' ? channel.members : (dirty ?? []);
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
}
