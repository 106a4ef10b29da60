import type { BenchRow } from '../harness/row.ts';
import { activation } from './activation.ts';
import { commitsPerMessage } from './commits-per-message.ts';
import { durableSend, slowCommit } from './durable-send.ts';
import { bursts, fanout } from './fanout.ts';
import { random, together } from './five-channels.ts';
import { historyDepth } from './history-depth.ts';
import { idleMemory } from './idle-memory.ts';
import { resume } from './resume.ts';

/** The goals of durable chat on one node, in the order of the table. */
export const CHAT: readonly BenchRow[] = [
	fanout,
	bursts,
	together,
	random,
	idleMemory,
	durableSend,
	slowCommit,
	commitsPerMessage,
	historyDepth,
	activation,
	resume,
];
