import type { BenchRow } from '../harness/row.ts';
import { protectedCall } from './protected-call.ts';

/** The goals of institutions, in the order of the table. */
export const INSTITUTION: readonly BenchRow[] = [protectedCall];
