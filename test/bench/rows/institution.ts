import type { BenchRow } from '../harness/row.ts';
import { batchBacklog } from './batch-backlog.ts';
import { brokenPath } from './broken-path.ts';
import { circuitDecision } from './circuit-decision.ts';
import { protectedCall } from './protected-call.ts';
import { refreshNight } from './refresh-night.ts';
import { register } from './register.ts';

/** The goals of institutions, in the order of the table. */
export const INSTITUTION: readonly BenchRow[] = [
	register,
	protectedCall,
	circuitDecision,
	brokenPath,
	refreshNight,
	batchBacklog,
];
