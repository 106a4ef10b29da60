const KB = 1024;
const MB = 1024 * KB;

/** Every bound of the gateway; the defaults are meant for production. */
export const GATEWAY_LIMITS = {
	/** A socket without a hello is closed after this time. */
	helloMs: 5_000,
	/** A socket without any frame is closed after this time. */
	silenceMs: 30_000,
	/** A silent socket is spoken to from then on: a page in the background answers what it hears. */
	nudgeMs: 12_000,
	/** A fresh token is asked for this long before the old one ends. */
	renewMs: 30_000,
	socketsPerUserMax: 100,
	socketsPerAddressMax: 20_000,
	/** New sockets: a rate and a burst, in which all that a user or address may have can come back. */
	connectsPerUserPerSecondMax: 5,
	connectsPerUserBurstMax: 200,
	connectsPerAddressPerSecondMax: 500,
	connectsPerAddressBurstMax: 20_000,
	/** Users, and addresses, whose new sockets are counted at a time. */
	connectsCountedMax: 100_000,
	handlesMax: 1_000,
	/** Frames that a socket may send: a rate, a burst, and how far beyond until it is closed. */
	framesPerSecondMax: 1_000,
	framesBurstMax: 4_000,
	framesDebtMax: 10_000,
	/** The same for all sockets of a user together; beyond, frames are refused. */
	userFramesPerSecondMax: 4_000,
	userFramesBurstMax: 16_000,
	/** Bytes of a client that wait here for answers; beyond, its socket is not read. */
	upstreamBytesMax: MB,
	/** Commands of one handle that wait for answers. */
	commandsWaitingMax: 256,
	/** Opens and queries of one socket in flight; further frames wait. */
	readsInFlightMax: 32,
	/** Above this many bytes queued for a socket, ephemerals are dropped. */
	ephemeralBytesMax: 64 * KB,
	/** Above, a stream stops for it and is brought up again later, and answers are held back. */
	dataBytesMax: 256 * KB,
	/** A quiet handle may pass a socket that others fill, up to twice `dataBytesMax`. */
	quietHandleBytesMax: 32 * KB,
	/** Above, the socket is closed as too slow. */
	queuedBytesMax: MB,
	/** Answers held back for a slow socket; above, it is closed too. */
	heldBytesMax: 16 * MB,
	/** A socket that did not drain for this long is closed. */
	stalledMs: 30_000,
	/** What a stream's ring holds, and all rings together. */
	ringBytesMax: MB,
	ringEventsMax: 2_000,
	ringsBytesMax: 256 * MB,
	/** Users per stream whose right to hear is remembered. */
	grantsMax: 20_000,
	/** A stream without handles stays subscribed for this long. */
	lingerMs: 60_000,
	/** Handles of one stream that ask a new owner at the same time. */
	reopensInFlightMax: 64,
	/** Ephemerals per handle and second upstream; more are dropped. */
	ephemeralsPerSecondMax: 2,
	ephemeralsBurstMax: 5,
	/** Sockets that are written in one turn of the event loop. */
	flushSliceLength: 192,
} as const;

export type GatewayLimits = { readonly [Name in keyof typeof GATEWAY_LIMITS]: number };
