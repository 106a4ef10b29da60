import type { CommandAnswer } from '../../core/actor-port.ts';
import type { Page, Row } from '../../core/store.ts';
import { OWN_WRITES_MS_MAX, waitAtMost } from '../../core/wait-at-most.ts';
import type { Args } from '../../protocol/kind.ts';
import { type ChannelSummary, channelsContract } from '../../protocol/user.ts';
import type { Service } from '../ports.ts';
import {
	comparePlaces,
	fromCursor,
	type Place,
	publicSummary,
	toCursor,
} from './channel-summary.ts';
import { ChannelWatches, type WatchOptions } from './channel-watches.ts';
import { ChannelsSession } from './channels-session.ts';
import type { MemberWatch } from './member-watch.ts';

type ListArgs = Args<typeof channelsContract, 'list'>;

export interface ChannelsServiceOptions extends WatchOptions {
	/**
	 * Resolves when what was committed here before is projected, and `feed` has told of it. A list waits
	 * for it for a second at most: while a store is away, one may not see one's own last write.
	 */
	settle(): Promise<void>;
}

export interface ChannelsService extends Service {
	/** Open channels by last activity, newest first; the answer of the command `public`. */
	publicPage(args: ListArgs): Promise<CommandAnswer>;
	/** Ends the following of rows. */
	close(): void;
}

const READS_AT_ONCE_MAX = 100;

const settled = ({ runtime, settle }: ChannelsServiceOptions) =>
	waitAtMost(runtime, OWN_WRITES_MS_MAX, settle());

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

const BAD_CURSOR: CommandAnswer = {
	ok: false,
	code: 'INVALID',
	message: 'after takes the next of an earlier answer',
};

const list = (channels: readonly ChannelSummary[], next: Place | undefined): CommandAnswer => ({
	ok: true,
	reply: { channels, ...(next === undefined ? {} : { next: toCursor(next) }) },
});

/**
 * A user's own channels and the public ones, by last activity, and what changes in the own ones, without
 * waking any channel (C1, C8). `close` ends the following of rows.
 */
export function channelsService(options: ChannelsServiceOptions): ChannelsService {
	const { reads } = options;
	const watches = new ChannelWatches(options);

	const channelRows = (ids: readonly string[]) =>
		Promise.all(ids.map((id) => reads.get('channels', [id])));

	/** The user's channels in order, behind a place. */
	async function ownPlaces(watch: MemberWatch, after: Place | undefined): Promise<Place[]> {
		const ids = [...watch.memberships.keys()];
		const unknown = ids.filter((id) => watches.lastAt(id) === undefined);
		for (let from = 0; from < unknown.length; from += READS_AT_ONCE_MAX) {
			const rows = await channelRows(unknown.slice(from, from + READS_AT_ONCE_MAX));
			for (const row of rows.filter(isPresent)) watches.learn(row);
		}
		return ids
			.map((id) => ({ id, lastAt: watches.lastAt(id) ?? 0 }))
			.filter((place) => after === undefined || comparePlaces(after, place) < 0)
			.sort(comparePlaces);
	}

	async function own(watch: MemberWatch, args: ListArgs): Promise<CommandAnswer> {
		const after = args.after === undefined ? undefined : fromCursor(args.after);
		if (args.after !== undefined && after === undefined) return BAD_CURSOR;
		await settled(options);
		await watch.ready();
		const places = await ownPlaces(watch, after);
		const page = places.slice(0, args.limit);
		const rows = (await channelRows(page.map(({ id }) => id))).filter(isPresent);
		for (const row of rows) watches.learn(row);
		const summaries = await Promise.all(rows.map(({ doc }) => watches.summary(watch, doc)));
		return list(summaries.filter(isPresent), places.length > page.length ? page.at(-1) : undefined);
	}

	async function open(args: ListArgs): Promise<CommandAnswer> {
		const after = args.after === undefined ? undefined : fromCursor(args.after);
		if (args.after !== undefined && after === undefined) return BAD_CURSOR;
		await settled(options);
		const page: Page = await reads.page({
			collection: 'channels',
			index: 'byKind',
			prefix: ['open'],
			...(after === undefined ? {} : { before: [after.lastAt, after.id] }),
			descending: true,
			limit: args.limit,
		});
		const last = page.rows.at(-1);
		return list(
			page.rows.map(({ doc }) => publicSummary(doc)),
			page.more && last !== undefined ? placeOf(last) : undefined,
		);
	}

	const placeOf = ({ key, doc }: Row): Place => ({
		lastAt: Number(doc.lastAt),
		id: String(key[0]),
	});

	return {
		contract: channelsContract,
		publicPage: open,
		open(connection, tell) {
			const watch = watches.watch(connection.identity.userId);
			const session = new ChannelsSession(tell);
			watch.sessions.add(session);
			// A store that cannot be read now is asked again by the next list.
			watch.ready().catch(() => {});
			return {
				command: async (name, args) => {
					try {
						return await (name === 'list' ? own(watch, args as ListArgs) : open(args as ListArgs));
					} catch {
						return { ok: false, code: 'UNAVAILABLE', message: 'the store cannot be read now' };
					}
				},
				caughtUp: () => watches.retell(watch, session),
				close() {
					watch.sessions.delete(session);
					watches.release(watch);
				},
			};
		},
		close: () => watches.close(),
	};
}
