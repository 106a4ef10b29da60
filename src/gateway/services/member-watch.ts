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
	/** While the memberships are read: what is newer than the rows that are on their way. */
	#early: Map<string, number | 'ended'> | undefined;
	#loading: Promise<void> | undefined;
	#closed = false;

	constructor(userId: string, options: { reads: Reads; listener: MembershipListener }) {
		this.userId = userId;
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

	close(): void {
		this.#closed = true;
		for (const channelId of this.memberships.keys()) this.#listener.ended(this, channelId);
		this.memberships.clear();
	}

	async #load(): Promise<void> {
		this.#early = new Map();
		try {
			let after: string | undefined;
			let more = true;
			while (more && !this.#closed && this.memberships.size < MEMBERSHIPS_MAX) {
				const page = await this.#reads.page({
					collection: 'members',
					index: 'byUser',
					prefix: [this.userId],
					...(after === undefined ? {} : { after: [after] }),
					limit: PAGE_LENGTH,
				});
				for (const row of page.rows) this.#loaded(row);
				after = String(page.rows.at(-1)?.key[0]);
				more = page.more;
			}
		} finally {
			this.#early = undefined;
		}
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
		if (early === 'ended' || this.memberships.has(channelId)) return;
		this.begin(channelId, Math.max(Number(doc.marker), early ?? 0));
	}
}
