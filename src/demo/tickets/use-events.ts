import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { TicketEventInfo } from '../../../client-sdk/src/index.ts';
import { type NaruClient, useClient } from '../client.ts';
import { untilAnswered } from '../page/until-answered.ts';
import { notifyTicket } from './ticket-notices.ts';

const PAGE_LENGTH = 20;
/** The list is a page of the store: what changes in it is asked for. */
const EVERY_MS = 3_000;
/** Most rows that are asked for anew each time. */
const REFRESHED_MAX = 200;
/** A search waits until the typing rests. */
const TYPING_MS = 250;

/** All of them: what one can buy first, what is over last. */
const IN_ORDER = ['open', 'upcoming', 'soldOut', 'closed'] as const;

export type EventFilter = (typeof IN_ORDER)[number] | undefined;

interface Found {
	readonly events: readonly TicketEventInfo[];
	readonly next?: string | undefined;
}

interface Question {
	readonly state: EventFilter;
	readonly text: string;
	readonly after?: string;
	readonly limit: number;
}

/** A page of one state; of all states the first page of each. */
async function findEvents(naru: NaruClient, question: Question): Promise<Found> {
	if (question.state !== undefined) return naru.ticketEvents.list(question);
	const pages = await Promise.all(
		IN_ORDER.map((state) => naru.ticketEvents.list({ ...question, state, limit: PAGE_LENGTH })),
	);
	return { events: pages.flatMap(({ events }) => events) };
}

/** The events with a state and a text, by opening time, in pages. */
export function useEvents(state: EventFilter, text: string) {
	const { naru } = useClient();
	const [found, setFound] = useState<Found>();
	/** Counts questions: an answer to an older one is for nobody. */
	const asked = useRef(0);

	const ask = useCallback(
		async (known: readonly TicketEventInfo[], page: { after?: string; limit: number }) => {
			const question = ++asked.current;
			const answer = await untilAnswered(() => findEvents(naru, { state, text, ...page }));
			if (question !== asked.current) return;
			const { events, next } = answer;
			setFound({ events: [...known, ...events], next });
		},
		[naru, state, text],
	);
	const count = found?.events.length ?? 0;
	const length = useRef(count);
	length.current = count;

	useEffect(() => {
		const first = setTimeout(
			() => void ask([], { limit: PAGE_LENGTH }).catch(notifyTicket),
			text === '' ? 0 : TYPING_MS,
		);
		const timer = setInterval(() => {
			const isTooLong = length.current > REFRESHED_MAX;
			if (document.visibilityState !== 'visible' || isTooLong) return;
			// What fails now is asked for again soon.
			ask([], { limit: Math.max(PAGE_LENGTH, length.current) }).catch(() => {});
		}, EVERY_MS);
		return () => {
			clearTimeout(first);
			clearInterval(timer);
			asked.current++;
		};
	}, [ask, text]);

	const more = () => {
		if (found?.next === undefined) return;
		ask(found.events, { after: found.next, limit: PAGE_LENGTH }).catch(notifyTicket);
	};
	return { events: found?.events, hasMore: found?.next !== undefined, more };
}
