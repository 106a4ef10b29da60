import type { BenchRow } from '../harness/row.ts';
import { activationRate } from './activation-rate.ts';
import { ownerKilled } from './owner-killed.ts';
import { racing } from './race.ts';
import { redisAway } from './redis-away.ts';
import { remoteRoom } from './remote-room.ts';
import { rollingRestart } from './rolling-restart.ts';
import { twoEdges } from './two-edges.ts';

/** The goals of several nodes on real servers, in the order of the table. */
export const CLUSTER: readonly BenchRow[] = [
	remoteRoom,
	twoEdges,
	ownerKilled,
	rollingRestart,
	activationRate,
	redisAway,
	racing,
];
