import type { Series } from '../core/meter.ts';
import type { EventFeeds } from './event-feeds.ts';

/** What all lobbies of a node count together. */
export interface LobbyTally {
	/** Handles of users who wait, or whose turn it is. */
	waiting: number;
	/** Ticks that handles were told. */
	ticks: number;
}

const SECOND_MS = 1_000;

/** What a node measures of those who wait here, over all events. */
export const lobbySeries = (feeds: EventFeeds, tally: LobbyTally): readonly Series[] => [
	{
		name: 'ticket_waiting_handles',
		help: 'Handles of users who wait in the queue of a sale, or whose turn it is',
		labels: [],
		read: () => [[tally.waiting]],
	},
	{
		name: 'ticket_arrivals_pending',
		help: 'Users who asked for a place in a queue and have no answer yet',
		labels: [],
		read: () => [[feeds.arriving]],
	},
	{
		name: 'ticket_batch_age_seconds',
		help: 'Since when the oldest batch of arrivals, questions or claims has had no answer',
		labels: [],
		read: () => [[feeds.unansweredMs / SECOND_MS]],
	},
	{
		name: 'ticket_ticks_total',
		help: 'Ticks told to handles in waiting rooms',
		labels: [],
		read: () => [[tally.ticks]],
	},
];
