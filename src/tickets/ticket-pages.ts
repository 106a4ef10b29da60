import type { Doc, PageQuery, Reads, Row } from '../core/store.ts';
import type { Args, ReplyOf } from '../protocol/kind.ts';
import type { Ticket, TicketEventInfo, TicketEventState } from '../protocol/ticket-event.ts';
import type { ticketsContract } from '../protocol/ticket-lobby.ts';

type EventsArgs = Args<typeof ticketsContract, 'events'>;
type EventsPage = ReplyOf<typeof ticketsContract, 'events'>;
type ListArgs = Args<typeof ticketsContract, 'list'>;
type ListPage = ReplyOf<typeof ticketsContract, 'list'>;

/** Most rows that one search reads; `next` leads to the others. */
const SEARCHED_MAX = 1_000;
const SEARCH_PAGE_LENGTH = 200;

/** Which states of the actor a filter stands for. */
const STATES: Readonly<Record<NonNullable<EventsArgs['state']>, readonly TicketEventState[]>> = {
	upcoming: ['scheduled'],
	open: ['open', 'paused'],
	soldOut: ['soldOut'],
	closed: ['closed'],
};

interface EventPlace {
	readonly opensAt: number;
	readonly id: string;
}

const EVENT_CURSOR = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/;
const TICKET_CURSOR = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})\.([^.]{1,200})$/;

const byOpening = (one: EventPlace, other: EventPlace) =>
	one.opensAt - other.opensAt || (one.id < other.id ? -1 : one.id === other.id ? 0 : 1);

/**
 * Events by opening time, in pages (T18): of one state or all, and those whose title holds the text.
 * `undefined`: `after` is no cursor of ours. Rejects when the store cannot be read.
 */
export async function eventsPage(reads: Reads, args: EventsArgs): Promise<EventsPage | undefined> {
	const { state, text = '', after, limit } = args;
	const [, opensAt, id] = EVENT_CURSOR.exec(after ?? '') ?? [];
	if (after !== undefined && id === undefined) return undefined;
	const place = id === undefined ? undefined : { opensAt: Number(opensAt), id };
	const wanted = text.trim().toLocaleLowerCase();
	if (wanted !== '') return search(reads, { state, place, limit }, wanted);
	const { events, more } = await readEvents(reads, { state, place, limit });
	return pageOf(events, more ? events.at(-1) : undefined);
}

/** Reads until a page is full, or as much as one search may. */
async function search(reads: Reads, query: EventsQuery, wanted: string): Promise<EventsPage> {
	const { state, limit } = query;
	let { place } = query;
	const found: TicketEventInfo[] = [];
	for (let read = 0; read < SEARCHED_MAX; read += SEARCH_PAGE_LENGTH) {
		const page = await readEvents(reads, { state, place, limit: SEARCH_PAGE_LENGTH });
		for (const event of page.events) {
			place = event;
			if (event.title.toLocaleLowerCase().includes(wanted)) found.push(event);
			if (found.length === limit) break;
		}
		const isThrough = !page.more && (page.events.length === 0 || place === page.events.at(-1));
		if (isThrough) return pageOf(found, undefined);
		if (found.length === limit) break;
	}
	return pageOf(found, place);
}

const pageOf = (events: readonly TicketEventInfo[], last: EventPlace | undefined): EventsPage => ({
	events: [...events],
	...(last === undefined ? {} : { next: `${last.opensAt}.${last.id}` }),
});

interface EventsQuery {
	readonly state: EventsArgs['state'];
	readonly place: EventPlace | undefined;
	readonly limit: number;
}

/** The next events behind a place. */
async function readEvents(
	reads: Reads,
	{ state, place, limit }: EventsQuery,
): Promise<{ readonly events: readonly TicketEventInfo[]; readonly more: boolean }> {
	const common = {
		collection: 'ticketEvents',
		...(place === undefined ? {} : { after: [place.opensAt, place.id] }),
		limit,
	};
	const queries: PageQuery[] =
		state === undefined
			? [{ ...common, index: 'byOpening', prefix: [] }]
			: STATES[state].map((one) => ({ ...common, index: 'byState', prefix: [one] }));
	const pages = await Promise.all(queries.map((query) => reads.page(query)));
	const all = pages.flatMap(({ rows }) => rows.map(eventOf)).sort(byOpening);
	return {
		events: all.slice(0, limit),
		more: all.length > limit || pages.some(({ more }) => more),
	};
}

const eventOf = ({ key, doc }: Row): TicketEventInfo =>
	({ ...doc, id: String(key[0]) }) as TicketEventInfo;

/** A user's tickets, newest first. `undefined` and rejections as above. */
export async function ticketsPage(
	reads: Reads,
	userId: string,
	{ after, limit }: ListArgs,
): Promise<ListPage | undefined> {
	const [, at, event = '', id = ''] = TICKET_CURSOR.exec(after ?? '') ?? [];
	if (after !== undefined && at === undefined) return undefined;
	const { rows, more } = await reads.page({
		collection: 'tickets',
		index: 'byUser',
		prefix: [userId],
		...(at === undefined ? {} : { before: [Number(at), event, id] }),
		descending: true,
		limit,
	});
	const tickets = rows.map(ticketOf);
	const last = tickets.at(-1);
	return {
		tickets,
		hasMore: more,
		...(more && last !== undefined ? { next: `${last.at}.${last.eventId}.${last.id}` } : {}),
	};
}

function ticketOf({ key, doc }: Row): Ticket {
	const { seatId, orderId, title, at } = doc as Doc & Ticket;
	return {
		id: String(key[1]),
		eventId: String(key[0]),
		...(seatId === undefined ? {} : { seatId }),
		orderId,
		title,
		at,
	};
}
