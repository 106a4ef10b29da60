import type { BenchRow } from '../harness/row.ts';
import { bursts, fanout } from './fanout.ts';
import { random, together } from './five-channels.ts';
import { idleMemory } from './idle-memory.ts';

/** The goals of durable chat on one node, in the order of the table. */
export const CHAT: readonly BenchRow[] = [fanout, bursts, together, random, idleMemory];
