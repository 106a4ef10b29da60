import type { ChannelEvent } from '../../actors/channel/channel-events.ts';
import type { Journal } from '../../src/core/journal.ts';
import type { Message } from '../../src/protocol/channel.ts';

type Kept = Omit<Message, 'reactions' | 'mine'> & { reactions: Map<string, Set<string>> };

/** A channel told naively from its journal: the whole history, and unread counts by counting. */
export class JournalChannel {
	readonly #messages: Kept[] = [];
	readonly #markers = new Map<string, number>();

	static async of(journal: Journal, id: string): Promise<JournalChannel> {
		const channel = new JournalChannel();
		let position = 0;
		for (let more = true; more; ) {
			const read = await journal.read(`channel/${id}`, { position }, { bytesMax: 1_000_000 });
			for (const record of read.records) {
				for (const { type, data } of record.events) channel.#apply({ type, data } as ChannelEvent);
				position = record.position;
			}
			more = read.more;
		}
		return channel;
	}

	get members(): readonly string[] {
		return [...this.#markers.keys()].sort();
	}

	/** Ids of all messages, in order. */
	get ids(): readonly string[] {
		return this.#messages.map(({ id }) => id);
	}

	unread(userId: string): number {
		const marker = this.#markers.get(userId) ?? 0;
		const counts = ({ seq, userId: author, deletedAt }: Kept) =>
			seq > marker && author !== userId && deletedAt === undefined;
		return this.#messages.filter(counts).length;
	}

	/** What a device of this user has to show. */
	view(reader: string) {
		return {
			messages: this.#messages.map((message) => shown(message, reader)),
			unread: this.unread(reader),
			marker: this.#markers.get(reader),
			memberCount: this.#markers.size,
		};
	}

	#apply(event: ChannelEvent): void {
		switch (event.type) {
			case 'message':
				this.#messages.push({ ...event.data, reactions: new Map() });
				this.#mark(event.data.userId, event.data.seq);
				break;
			case 'edited':
				this.#change(event.data.seq, { text: event.data.text, editedAt: event.data.at });
				break;
			case 'deleted':
				this.#change(event.data.seq, {
					text: '',
					deletedAt: event.data.at,
					deletedBy: event.data.by,
					reactions: new Map(),
				});
				break;
			case 'reacted':
				this.#react(event.data);
				break;
			case 'joined':
				this.#markers.set(event.data.member.userId, this.#messages.length);
				break;
			case 'left':
				this.#markers.delete(event.data.userId);
				break;
			case 'read':
				this.#mark(event.data.userId, event.data.marker);
				break;
			default:
		}
	}

	#mark(userId: string, seq: number): void {
		const marker = this.#markers.get(userId);
		if (marker !== undefined) this.#markers.set(userId, Math.max(marker, seq));
	}

	#change(seq: number, changes: Partial<Kept>): void {
		const message = this.#messages[seq - 1];
		if (message !== undefined) Object.assign(message, changes);
	}

	#react({ seq, userId, emoji, on }: Extract<ChannelEvent, { type: 'reacted' }>['data']): void {
		const reactions = this.#messages[seq - 1]?.reactions;
		const users = reactions?.get(emoji) ?? new Set();
		if (on) users.add(userId);
		else users.delete(userId);
		reactions?.set(emoji, users);
	}
}

function shown({ reactions, ...message }: Kept, reader: string): Message {
	const counts = [...reactions].filter(([, users]) => users.size > 0);
	const mine = counts.filter(([, users]) => users.has(reader)).map(([emoji]) => emoji);
	return {
		...message,
		...(counts.length > 0 && {
			reactions: Object.fromEntries(counts.map(([emoji, users]) => [emoji, users.size])),
		}),
		...(mine.length > 0 && { mine: mine.toSorted() }),
	};
}
