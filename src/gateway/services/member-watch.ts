import type { Reads, Row } from '../../core/store.ts';
import { UNREAD_MAX } from '../../protocol/channel.ts';
import type { ChannelsEvent, ChannelsSession } from './channels-session.ts';
import { UnreadMentions } from './unread-mentions.ts';

/** Memberships of one user that are followed; beyond it the list shows the first by channel id. */
const MEMBERSHIPS_MAX = 5_000;
const PAGE_LENGTH = 500;

/** What is known of one membership. */
export interface Membership {
	marker: number;
	/** Absent until somebody asks. */
	mentions?: UnreadMentions | undefined;
	/** Resolves when `mentions` is complete. */
	mentionsRead?: Promise<void>;
}

/** Who is told when memberships come and go. */
export interface MembershipListener {
	began(watch: MemberWatch, channelId: string): void;
	ended(watch: MemberWatch, channelId: string): void;
}

/** One user with sessions here: the memberships, read once, then kept by the rows that are projected. */
export class MemberWatch {
	readonly userId: string;
	readonly sessions = new Set<ChannelsSession>();
	readonly memberships = new Map<string, Membership>();
	readonly #reads: Reads;
	readonly #listener: MembershipListener;
	/** Ends what was begun to hear of the user. */
	readonly #unfollow: () => void;
	/** While the memberships are read: what is newer than the rows that are on their way. */
	#early: Map<string, number | 'ended'> | undefined;
	#loading: Promise<void> | undefined;
	#closed = false;

	/** Follows the user from now on, so that nothing is missed behind what is read. */
	constructor(
		userId: string,
		options: {
			readonly reads: Reads;
			readonly listener: MembershipListener;
			readonly follow?: ((userId: string) => () => void) | undefined;
		},
	) {
		this.userId = userId;
		this.#unfollow = options.follow?.(userId) ?? (() => {});
		this.#reads = options.reads;
		this.#listener = options.listener;
	}

	/** Resolves when all memberships are known; rejects when the store cannot be read. */
	ready(): Promise<void> {
		this.#loading ??= this.#load().catch((error) => {
			this.#loading = undefined;
			throw error;
		});
		return this.#loading;
	}

	tell(event: ChannelsEvent): void {
		for (const session of this.sessions) session.tell(event);
	}

	begin(channelId: string, marker: number): void {
		if (this.#closed) return;
		this.#early?.set(channelId, marker);
		const known = this.memberships.get(channelId);
		if (known !== undefined) {
			this.raise(channelId, marker);
			return;
		}
		if (this.memberships.size >= MEMBERSHIPS_MAX) return;
		this.memberships.set(channelId, { marker });
		this.#listener.began(this, channelId);
	}

	/** Whether there was a membership to end. */
	end(channelId: string): boolean {
		this.#early?.set(channelId, 'ended');
		if (!this.memberships.delete(channelId)) return false;
		this.#listener.ended(this, channelId);
		return true;
	}

	raise(channelId: string, marker: number): void {
		const membership = this.memberships.get(channelId);
		if (membership === undefined) {
			this.#early?.set(channelId, marker);
			return;
		}
		if (marker <= membership.marker) return;
		membership.marker = marker;
		if (membership.mentions?.isCut) membership.mentions = undefined;
		else membership.mentions?.raise(marker);
	}

	/** How many unread mentions there are; read from the store the first time. */
	async mentionsIn(channelId: string): Promise<number> {
		const membership = this.memberships.get(channelId);
		if (membership === undefined) return 0;
		if (membership.mentions === undefined) {
			membership.mentions = new UnreadMentions(membership.marker);
			membership.mentionsRead = this.#readMentions(channelId, membership);
		}
		const { mentions, mentionsRead } = membership;
		await mentionsRead;
		return mentions.count;
	}

	/**
	 * Reads everything again and takes over what was missed; answers with the channels in which something
	 * is another, and those that are the user's no more. Rejects when the store cannot be read.
	 */
	async recheck(): Promise<{ changed: readonly string[]; gone: readonly string[] }> {
		await this.ready();
		if (this.#early !== undefined || this.#closed) return { changed: [], gone: [] };
		const before = new Map(Array.from(this.memberships, ([id, { marker }]) => [id, marker]));
		const { read, missed } = await this.#reread();
		const gone = missed.filter((id) => before.has(id) && this.end(id));
		const changed = read.filter((id) => this.memberships.get(id)?.marker !== before.get(id));
		for (const id of await this.#recountMentions()) if (!changed.includes(id)) changed.push(id);
		return { changed, gone };
	}

	close(): void {
		this.#closed = true;
		this.#unfollow();
		for (const channelId of this.memberships.keys()) this.#listener.ended(this, channelId);
		this.memberships.clear();
	}

	async #load(): Promise<void> {
		this.#early = new Map();
		try {
			for await (const row of this.#rows()) this.#loaded(row);
		} finally {
			this.#early = undefined;
		}
	}

	/** Answers with the channels that were read, and with those that are known but were not. */
	async #reread(): Promise<{ read: string[]; missed: string[] }> {
		const early = new Map<string, number | 'ended'>();
		this.#early = early;
		const read = new Set<string>();
		try {
			for await (const row of this.#rows()) {
				read.add(String(row.key[0]));
				this.#loaded(row);
			}
		} finally {
			this.#early = undefined;
		}
		const isWhole = read.size < MEMBERSHIPS_MAX;
		const known = isWhole ? [...this.memberships.keys()] : [];
		return { read: [...read], missed: known.filter((id) => !read.has(id) && !early.has(id)) };
	}

	async *#rows(): AsyncIterable<Row> {
		let after: string | undefined;
		let more = true;
		let count = 0;
		while (more && !this.#closed && count < MEMBERSHIPS_MAX) {
			const page = await this.#reads.page({
				collection: 'members',
				index: 'byUser',
				prefix: [this.userId],
				...(after === undefined ? {} : { after: [after] }),
				limit: PAGE_LENGTH,
			});
			yield* page.rows;
			count += page.rows.length;
			after = String(page.rows.at(-1)?.key[0]);
			more = page.more;
		}
	}

	/** Reads mentions that are counted again; answers with the channels in which there were others. */
	async #recountMentions(): Promise<string[]> {
		const others: string[] = [];
		for (const [channelId, membership] of this.memberships) {
			const { mentions, mentionsRead } = membership;
			if (mentions === undefined) continue;
			await mentionsRead;
			const before = mentions.count;
			if (membership.mentions === mentions) membership.mentions = undefined;
			if ((await this.mentionsIn(channelId)) !== before) others.push(channelId);
		}
		return others;
	}

	async #readMentions(channelId: string, membership: Membership): Promise<void> {
		const { mentions, marker } = membership;
		try {
			const page = await this.#reads.page({
				collection: 'mentions',
				prefix: [this.userId, channelId],
				after: [marker],
				limit: UNREAD_MAX + 1,
			});
			mentions?.read(page.rows, page.more);
		} catch (error) {
			if (membership.mentions === mentions) membership.mentions = undefined;
			throw error;
		}
	}

	#loaded({ key, doc }: Row): void {
		const channelId = String(key[0]);
		const early = this.#early?.get(channelId);
		if (early !== 'ended') this.begin(channelId, Math.max(Number(doc.marker), early ?? 0));
	}
}
