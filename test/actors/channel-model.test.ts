import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message } from '../../src/protocol/channel.ts';
import { countUnread } from '../../src/protocol/unread.ts';
import { type ChannelActor, channelOf } from '../support/channel-actor.ts';

/** The same channel, told naively: whole history, unread by counting. */
class NaiveChannel {
	readonly messages: (Omit<Message, 'reactions' | 'mine'> & {
		reactions: Map<string, Set<string>>;
	})[] = [];
	readonly markers = new Map<string, number>();

	join(userId: string) {
		if (!this.markers.has(userId)) this.markers.set(userId, this.messages.length);
	}

	message(seq: number) {
		const message = this.messages[seq - 1];
		return message?.deletedAt === undefined ? message : undefined;
	}

	unread(userId: string) {
		const marker = this.markers.get(userId);
		if (marker === undefined) return 0;
		return this.messages.filter(
			(message) =>
				message.seq > marker && message.userId !== userId && message.deletedAt === undefined,
		).length;
	}

	history(reader: string): Message[] {
		return this.messages.map(({ reactions, ...message }) => {
			const counts = [...reactions].filter(([, users]) => users.size > 0);
			const mine = counts.filter(([, users]) => users.has(reader)).map(([emoji]) => emoji);
			return {
				...message,
				...(counts.length > 0 && {
					reactions: Object.fromEntries(counts.map(([emoji, users]) => [emoji, users.size])),
				}),
				...(mine.length > 0 && { mine: mine.toSorted() }),
			};
		});
	}
}

interface Step {
	readonly by: string;
	readonly name: 'send' | 'edit' | 'delete' | 'react' | 'join' | 'leave' | 'read';
	readonly seq: number;
	readonly text: string;
	readonly emoji: string;
	readonly on: boolean;
}

const USERS = ['ann', 'bob', 'cyd'];
/** Stays, and watches. */
const OWNER = 'own';

const stepArbitrary: fc.Arbitrary<Step | 'restart' | 'catchUp'> = fc.oneof(
	{
		weight: 12,
		arbitrary: fc.record({
			by: fc.constantFrom(...USERS),
			name: fc.constantFrom(
				...(['send', 'send', 'edit', 'delete', 'react', 'join', 'leave', 'read'] as const),
			),
			seq: fc.integer({ min: 1, max: 12 }),
			text: fc.string({ minLength: 1, maxLength: 4 }),
			emoji: fc.constantFrom('👍', '🎉', 'constructor'),
			on: fc.boolean(),
		}),
	},
	{ weight: 1, arbitrary: fc.constantFrom('restart' as const, 'catchUp' as const) },
);

/** What a step does to the naive channel, if its user may; whether it may. */
const NAIVELY: Record<Step['name'], (naive: NaiveChannel, step: Step, now: number) => boolean> = {
	join: (naive, { by }) => {
		naive.join(by);
		return true;
	},
	leave: (naive, { by }) => {
		naive.markers.delete(by);
		return true;
	},
	send: (naive, { by, text }, now) => {
		const seq = naive.messages.length + 1;
		const id = `id${String(seq).padStart(8, '0')}`;
		naive.messages.push({ seq, id, at: now, userId: by, text, reactions: new Map() });
		naive.markers.set(by, seq);
		return true;
	},
	read: (naive, { by, seq }) => {
		const marker = Math.min(seq, naive.messages.length);
		naive.markers.set(by, Math.max(marker, naive.markers.get(by) ?? 0));
		return true;
	},
	edit: (naive, { by, seq, text }, now) => {
		const message = naive.message(seq);
		if (message?.userId !== by) return false;
		if (message.text !== text) Object.assign(message, { text, editedAt: now });
		return true;
	},
	delete: (naive, { by, seq }, now) => {
		const message = naive.messages[seq - 1];
		if (message?.userId !== by) return false;
		if (message.deletedAt !== undefined) return true;
		message.reactions.clear();
		Object.assign(message, { text: '', deletedAt: now, deletedBy: by });
		return true;
	},
	react: (naive, { by, seq, emoji, on }) => {
		const message = naive.message(seq);
		if (message === undefined) return false;
		const users = message.reactions.get(emoji) ?? new Set();
		message.reactions.set(emoji, users);
		if (on) users.add(by);
		else users.delete(by);
		return true;
	},
};

async function run(channel: ChannelActor, naive: NaiveChannel, step: Step) {
	channel.now += 7;
	const isMember = naive.markers.has(step.by);
	const allowed = step.name === 'join' || step.name === 'leave' || isMember;
	const { by, name, ...args } = step;
	const answer = await channel.command(by, name, args);
	const accepted = allowed && NAIVELY[name](naive, step, channel.now);
	expect([step, answer.ok]).toEqual([step, accepted]);
}

async function compare(channel: ChannelActor, naive: NaiveChannel) {
	for (const reader of [...USERS, OWNER]) {
		const view = (await channel.open(reader, { last: 200 })) as {
			messages: Message[];
			unread: number;
		};
		const messages = view.messages.map((message) =>
			message.mine ? { ...message, mine: message.mine.toSorted() } : message,
		);
		expect(messages).toEqual(naive.history(reader));
		expect([reader, view.unread]).toEqual([reader, naive.unread(reader)]);
	}
}

type Held = Record<string, unknown>;

/** What a device does with each event to a message that it holds. */
const ON_DEVICE: Record<string, (message: Held, event: Held) => void> = {
	edited: (message, { text, at }) => Object.assign(message, { text, editedAt: at }),
	deleted: (message, { at, by }) => {
		Object.assign(message, { text: '', deletedAt: at, deletedBy: by });
		delete message.reactions;
	},
	reacted: (message, { emoji, count }) => {
		const counts = { ...(message.reactions as object), [String(emoji)]: count };
		const standing = Object.entries(counts).filter(([, number]) => number !== 0);
		if (standing.length === 0) delete message.reactions;
		else message.reactions = Object.fromEntries(standing);
	},
};

/** What a device has that opened before everything and heard all events. */
function replay(channel: ChannelActor): unknown[] {
	const messages: Held[] = [];
	for (const { type, data } of channel.heard) {
		const event = data as Held;
		const message = messages[Number(event.seq) - 1];
		if (type === 'message') messages.push({ ...event });
		else if (message !== undefined) ON_DEVICE[type]?.(message, event);
	}
	return messages;
}

test('[C3] [C7] [C8] [C9] any interleaving gives what the naive channel gives, restarts included', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60 }), async (steps) => {
			const channel = await channelOf([OWNER]);
			const naive = new NaiveChannel();
			naive.join(OWNER);
			channel.lags = true;
			for (const step of steps) {
				if (step === 'restart') channel.restart();
				else if (step === 'catchUp') await channel.catchUp();
				else await run(channel, naive, step);
			}
			await compare(channel, naive);
			expect(replay(channel)).toEqual(naive.history('nobody'));
			await channel.catchUp();
			await compare(channel, naive);
		}),
		{ numRuns: 300 },
	);
});

test('[C8] the projected rows alone give the same unread counts and membership', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60 }), async (steps) => {
			const channel = await channelOf([OWNER]);
			const naive = new NaiveChannel();
			naive.join(OWNER);
			for (const step of steps) {
				if (typeof step === 'object') await run(channel, naive, step);
			}
			const summary = (await channel.store.get('channels', ['general']))?.doc;
			const page = await channel.store.page({
				collection: 'members',
				prefix: ['general'],
				limit: 99,
			});
			const unread = page.rows.map(({ doc }) => [
				doc.user,
				countUnread(summary?.lastSeq as number, summary?.deleted as number[], doc.marker as number),
			]);
			const members = [...naive.markers.keys()].toSorted();
			expect(unread).toEqual(members.map((userId) => [userId, naive.unread(userId)]));
			expect(summary?.memberCount).toBe(members.length);
		}),
		{ numRuns: 100 },
	);
});
