/** Names of what is measured; `src/ops/metrics.ts` gives each its Prometheus type and help. */
export interface Meter {
	/** Adds to a counter. `code` is a label for errors and close codes. */
	count(name: CounterName, by?: number, code?: string): void;
	/** Records a duration in milliseconds or a size. */
	observe(name: HistogramName, value: number): void;
}

export type CounterName =
	| 'commits'
	| 'events'
	| 'turns'
	| 'commandsTaken'
	| 'commandsRefused'
	| 'errors'
	| 'fences'
	| 'activations'
	| 'quarantines'
	| 'framesIn'
	| 'framesOut'
	| 'bytesOut'
	| 'resyncs'
	| 'resumes'
	| 'reopens'
	| 'ringResumes'
	| 'ringMisses'
	| 'socketsClosed'
	| 'storeReads'
	| 'storeRefusals'
	| 'storeBreaks';
export type HistogramName = 'commitMs' | 'batchCommits' | 'mailboxDepth' | 'activationMs';

export const NO_METER: Meter = { count: () => {}, observe: () => {} };
