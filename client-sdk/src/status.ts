/**
 * The life of a client, as one total table.
 *
 *                 welcomed                      lost
 *    connecting ────────────▶ online ◀──────────────────▶ reconnecting
 *        │                               welcomed          │      ▲
 *        │ lost: reconnecting                  networkGone │      │ networkBack
 *        │ networkGone: offline                            ▼      │
 *        └──────────────────────────────────────────────▶ offline ┘ welcomed: online
 *
 *    refused (a verdict that no new attempt changes) and close lead from everywhere to closed.
 *
 * While online a network said to be gone is only a reason to ask the server for a sign of life: the
 * device may be wrong, the silence is not.
 */
export type Status = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'closed';

export type StatusEvent =
	| 'welcomed'
	| 'lost'
	| 'refused'
	| 'networkGone'
	| 'networkBack'
	| 'closedByUser';

/** Next status by present status and event; a missing pair does not compile. */
export const TRANSITIONS: Readonly<Record<Status, Readonly<Record<StatusEvent, Status>>>> = {
	connecting: {
		welcomed: 'online',
		lost: 'reconnecting',
		refused: 'closed',
		networkGone: 'offline',
		networkBack: 'connecting',
		closedByUser: 'closed',
	},
	online: {
		welcomed: 'online',
		lost: 'reconnecting',
		refused: 'closed',
		networkGone: 'online',
		networkBack: 'online',
		closedByUser: 'closed',
	},
	reconnecting: {
		welcomed: 'online',
		lost: 'reconnecting',
		refused: 'closed',
		networkGone: 'offline',
		networkBack: 'reconnecting',
		closedByUser: 'closed',
	},
	offline: {
		welcomed: 'online',
		lost: 'offline',
		refused: 'closed',
		networkGone: 'offline',
		networkBack: 'reconnecting',
		closedByUser: 'closed',
	},
	closed: {
		welcomed: 'closed',
		lost: 'closed',
		refused: 'closed',
		networkGone: 'closed',
		networkBack: 'closed',
		closedByUser: 'closed',
	},
};

/** What `on('status')` tells. */
export interface StatusChange {
	readonly status: Status;
	/** Close code of the socket that was lost. */
	readonly code?: number | undefined;
	/** Why, in English, for developers. */
	readonly reason?: string | undefined;
	/** When the next attempt begins, in milliseconds since 1970 on this device's clock. */
	readonly retryAt?: number | undefined;
}

/** Counted over all sockets of a client. */
export interface LinkStats {
	framesIn: number;
	framesOut: number;
	/** Sockets opened so far. */
	sockets: number;
}
