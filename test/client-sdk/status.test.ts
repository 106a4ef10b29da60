import { describe, expect, test } from 'vitest';
import { type Status, type StatusEvent, TRANSITIONS } from '../../client-sdk/src/status.ts';

/** What each pair must lead to, told again in words of its own: a missing pair does not compile. */
const EXPECTED: Record<StatusEvent, Record<Status, Status>> = {
	welcomed: {
		connecting: 'online',
		online: 'online',
		reconnecting: 'online',
		offline: 'online',
		closed: 'closed',
	},
	lost: {
		connecting: 'reconnecting',
		online: 'reconnecting',
		reconnecting: 'reconnecting',
		offline: 'offline',
		closed: 'closed',
	},
	refused: {
		connecting: 'closed',
		online: 'closed',
		reconnecting: 'closed',
		offline: 'closed',
		closed: 'closed',
	},
	networkGone: {
		connecting: 'offline',
		online: 'online',
		reconnecting: 'offline',
		offline: 'offline',
		closed: 'closed',
	},
	networkBack: {
		connecting: 'connecting',
		online: 'online',
		reconnecting: 'reconnecting',
		offline: 'reconnecting',
		closed: 'closed',
	},
	closedByUser: {
		connecting: 'closed',
		online: 'closed',
		reconnecting: 'closed',
		offline: 'closed',
		closed: 'closed',
	},
};

const pairs = Object.entries(EXPECTED).flatMap(([event, row]) =>
	Object.entries(row).map(([from, to]) => [from, event, to] as [Status, StatusEvent, Status]),
);

describe('status table', () => {
	test.each(pairs)('%s, %s: %s', (from, event, to) => {
		expect(TRANSITIONS[from][event]).toBe(to);
	});
});
