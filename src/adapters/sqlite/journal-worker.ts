import { workerData } from 'node:worker_threads';
import { unpack } from '../../protocol/codec.ts';
import { CommitGate } from './commit-gate.ts';
import { type Durability, openWriter, WAL_AGE_MAX_MS, WalKeeper } from './database.ts';
import { JournalLog, type PackedWrite } from './journal-log.ts';
import { prepareJournal } from './journal-schema.ts';
import { serveThread } from './serve-thread.ts';

export interface JournalThreadData {
	readonly path: string;
	readonly durability: Durability;
	readonly gate: SharedArrayBuffer;
	readonly commitDelayMs: number;
}

const { path, durability, gate: shared, commitDelayMs } = workerData as JournalThreadData;
const gate = new CommitGate(shared);
const db = openWriter(path, durability);
prepareJournal(db);
const log = new JournalLog(db);
const wal = new WalKeeper(db);
setInterval(() => wal.empty(), WAL_AGE_MAX_MS).unref();

const ops = {
	/** Takes packed {@link PackedWrite}s; a 1 for each that landed, a 0 for each that is fenced. */
	append(packed: Uint8Array): Uint8Array {
		const outcomes = log.append(unpack(packed) as PackedWrite[]);
		gate.pass(commitDelayMs);
		return Uint8Array.from(outcomes, (outcome) => (outcome === 'landed' ? 1 : 0));
	},
	setWake({ actor, due, epoch }: { actor: string; due?: number; epoch: number }): void {
		log.setWake(actor, due, epoch);
	},
	redact({ actor, position, data }: { actor: string; position: number; data: Uint8Array }): void {
		log.redact(actor, position, unpack(data));
	},
};
export type JournalOps = typeof ops;

serveThread(ops, { afterAnswers: () => wal.tend(), close: () => db.close() });
