import { unpack } from '../protocol/codec.ts';
import { type ActorKey, splitKey } from '../protocol/ids.ts';
import { aboutBytes } from './about-bytes.ts';
import type { ActorKind } from './actor-kind.ts';
import type { Told } from './actor-port.ts';
import { type Boundary, History } from './history.ts';
import type { CommitRecord, Journal, RequestRecord, Snapshot, StoredEvent } from './journal.ts';
import { activationRecord, type JournalWriter } from './journal-writer.ts';
import { rowsOf } from './outbox-rows.ts';
import type { Runtime } from './runtime.ts';
import { present, tell } from './show.ts';
import { type EventRows, type ProjectedCommit, REQUESTS } from './store.ts';
import { TimeSlices } from './time-slices.ts';

/** The first part of every snapshot: what the host itself keeps of the actor. */
export interface Envelope {
	readonly version: 1;
	readonly commit: number;
	readonly position: number;
	readonly at: number;
	readonly boundaries: readonly Boundary[];
}

export interface KeptRequest {
	readonly request: RequestRecord;
	readonly position: number;
	readonly at: number;
}

/** An actor as it stands behind its newest commit. */
export interface Recovered {
	exists: boolean;
	commit: number;
	position: number;
	at: number;
	state: unknown;
	readonly history: History;
	/** Commits behind the watermark: to be projected. */
	readonly unprojected: ProjectedCommit[];
	/** Request ids of the commits behind `idsSince`, oldest first. */
	readonly requests: KeptRequest[];
	/** Commits up to this time may have had request ids that are not here, only in the store. */
	idsSince: number;
	readonly watermark: number;
	readonly snapshotCommit: number;
	readonly snapshotBytes: number;
	/** What was read from the journal behind the snapshot. */
	readonly replayed: { events: number; bytes: number };
	/** The newest commit's writer. */
	writer: string;
}

export interface RecoveryOptions {
	readonly key: ActorKey;
	readonly kind: ActorKind;
	readonly journal: Journal;
	readonly runtime: Runtime;
	readonly watermark: (key: ActorKey) => Promise<number>;
	/** Whether the actor still is to be loaded; asked now and then. Default: always. */
	readonly isWanted?: () => boolean;
}

export interface ActivationOptions {
	readonly writer: string;
	readonly journalWriter: JournalWriter;
	readonly isWanted: () => boolean;
}

/** Another owner has written behind this one's activation. */
export class FencedError extends Error {}

/** Journal or store did not answer: no fault of the actor. */
export class UnreadableError extends Error {}

async function reading<T>(answer: Promise<T>): Promise<T> {
	try {
		return await answer;
	} catch (error) {
		throw new UnreadableError('journal or store did not answer', { cause: error });
	}
}

/** Unpacked at once: a quarter of a megabyte takes some milliseconds. */
const READ_BYTES_MAX = 256 * 1024;
const ATTEMPTS_MAX = 10;
/** Request ids that a recovery takes over although the store has them. */
const IDS_MAX = 1_000;

/**
 * Activation: appends the `activated` commit and loads the actor, and serves only if that commit is
 * still its highest. A key without a journal comes back as not existing, with nothing written.
 */
export async function activate(options: RecoveryOptions & ActivationOptions): Promise<Recovered> {
	const { key, journal, journalWriter, runtime, writer } = options;
	for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		const head = await reading(journal.head(key));
		// A host that was stopped meanwhile must not depose the next one.
		if (!options.isWanted()) throw new FencedError(`${key}: stopped while it loaded`);
		if (head === undefined) return absent(options);
		const record = activationRecord({
			actor: key,
			commit: head.commit + 1,
			position: head.position,
			at: Math.max(runtime.now(), head.at),
			writer,
		});
		const reads = readGround(options);
		const outcome = await new Promise((resolve) => journalWriter.append({ record }, resolve));
		if (outcome === 'fenced') continue;
		const recovered = await load(options, await reads);
		if (recovered.commit !== record.commit) throw new FencedError(`${key}: activated elsewhere`);
		return recovered;
	}
	throw new FencedError(`${key}: others keep activating it`);
}

function absent({ key, kind }: RecoveryOptions): Recovered {
	return {
		exists: false,
		commit: 0,
		position: 0,
		at: 0,
		state: kind.initial(splitKey(key).id),
		history: new History(),
		unprojected: [],
		requests: [],
		idsSince: 0,
		watermark: 0,
		snapshotCommit: 0,
		snapshotBytes: 0,
		replayed: { events: 0, bytes: 0 },
		writer: '',
	};
}

/** What a recovery begins from. It stays true whatever is written behind it. */
interface Ground {
	readonly snapshot: Snapshot | undefined;
	readonly watermark: number;
}

/**
 * May be asked for before the activation has landed. The watermark last: it has then reached all that
 * the snapshot stands for. Never rejects, as an activation that is fenced does not ask for it.
 */
async function readGround({ key, journal, ...options }: RecoveryOptions): Promise<Ground | Error> {
	try {
		const snapshot = await reading(journal.snapshot(key));
		return { snapshot, watermark: await reading(options.watermark(key)) };
	} catch (error) {
		return error as Error;
	}
}

/** Restores the newest snapshot and replays what comes behind it, in slices. */
export async function load(options: RecoveryOptions, read?: Ground | Error): Promise<Recovered> {
	const ground = read ?? (await readGround(options));
	if (ground instanceof Error) throw ground;
	const { key, journal, runtime } = options;
	const slices = new TimeSlices(runtime);
	const { watermark } = ground;
	const recovered = { ...(await base(options, ground, slices)), watermark, exists: true };
	for (;;) {
		const from = { commit: recovered.commit };
		const { records, more } = await reading(journal.read(key, from, { bytesMax: READ_BYTES_MAX }));
		if (slices.over) await slices.next();
		if (options.isWanted?.() === false) throw new FencedError(`${key}: stopped while it loaded`);
		for (const record of records) await replay(options, { recovered, record, slices });
		if (!more) return recovered;
	}
}

/** Where the replay begins: the newest snapshot, if the store has all that it stands for. */
async function base(
	options: RecoveryOptions,
	{ snapshot, watermark }: Ground,
	slices: TimeSlices,
): Promise<Recovered> {
	const [head, ...parts] = snapshot?.parts ?? [];
	if (snapshot === undefined || head === undefined) return absent(options);
	const envelope = unpack(head) as Envelope;
	if (envelope.position > watermark) return absent(options);
	return {
		...absent(options),
		commit: envelope.commit,
		position: envelope.position,
		at: envelope.at,
		idsSince: envelope.at,
		state: await restore(options, parts, slices),
		history: new History(envelope.boundaries, envelope.position),
		snapshotCommit: envelope.commit,
		snapshotBytes: snapshot.parts.reduce((sum, { length }) => sum + length, 0),
	};
}

function* unpacked(parts: readonly Uint8Array[]): Generator<unknown> {
	for (const part of parts) yield unpack(part);
}

async function restore(
	{ key, kind }: RecoveryOptions,
	parts: readonly Uint8Array[],
	slices: TimeSlices,
): Promise<unknown> {
	const { id } = splitKey(key);
	if (kind.restoring === undefined) return kind.restore(id, [...unpacked(parts)]);
	const steps = kind.restoring(id, unpacked(parts));
	for (;;) {
		const step = steps.next();
		if (step.done === true) return step.value;
		if (slices.over) await slices.next();
	}
}

interface Replay {
	readonly recovered: Recovered;
	readonly record: CommitRecord;
	readonly slices: TimeSlices;
}

async function replay(options: RecoveryOptions, replaying: Replay): Promise<void> {
	const { recovered, record, slices } = replaying;
	const from = recovered.position + 1;
	const told: Told[] = [];
	const events: EventRows[] = [];
	let bytes = 0;
	for (const stored of record.events) {
		bytes += aboutBytes(stored.data);
		told.push(...replayEvent(options, replaying, { stored, events }));
		if (slices.over) await slices.next();
	}
	recovered.commit = record.commit;
	recovered.at = record.at;
	recovered.writer = record.writer;
	if (record.events.length === 0) return;
	recovered.replayed.events += record.events.length;
	recovered.replayed.bytes += bytes;
	const publication = { position: record.position, writer: record.writer, told };
	recovered.history.push(publication, from, bytes);
	keepRequests(recovered, record);
	if (record.position <= recovered.watermark) return;
	recovered.unprojected.push({
		actor: options.key,
		position: record.position,
		events: withRequests(options.key, events, record),
	});
}

/** Applies one event; what of it the store lacks is added to `events`. Answers what was told. */
function replayEvent(
	{ key, kind }: RecoveryOptions,
	{ recovered, record }: Replay,
	{ stored, events }: { stored: StoredEvent; events: EventRows[] },
): Told[] {
	const { id } = splitKey(key);
	const event = present(kind, stored);
	const meta = { key, id, position: recovered.position + 1, at: record.at, by: stored.by };
	recovered.state = kind.evolve(recovered.state, event, meta);
	recovered.position = meta.position;
	if (meta.position > recovered.watermark) {
		const rows = rowsOf(kind, recovered.state, { event, meta });
		events.push({ position: meta.position, rows });
	}
	return tell(kind, event, meta);
}

/** Ids that the store has are kept up to a bound. */
function keepRequests(recovered: Recovered, { requests, position, at }: CommitRecord): void {
	const { requests: kept, watermark } = recovered;
	for (const request of requests) kept.push({ request, position, at });
	const count = kept.findIndex((one) => one.position > watermark);
	const excess = Math.min(kept.length - IDS_MAX, count < 0 ? kept.length : count);
	if (excess <= 0) return;
	const dropped = kept.splice(0, excess);
	recovered.idsSince = Math.max(recovered.idsSince, dropped.at(-1)?.at ?? 0);
}

/** Adds the rows of a commit's request ids to the last of its events. */
function withRequests(
	actor: ActorKey,
	events: readonly EventRows[],
	record: Pick<CommitRecord, 'position' | 'requests'>,
): readonly EventRows[] {
	if (record.requests.length === 0) return events;
	const rows = record.requests.map(({ userId, requestId, reply }) => ({
		op: 'put' as const,
		collection: REQUESTS.name,
		key: [actor, userId, requestId],
		doc: { reply },
	}));
	return [...events, { position: record.position, rows }];
}
