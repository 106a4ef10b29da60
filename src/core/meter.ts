/** Names of what is measured; `src/ops/metrics.ts` gives each its Prometheus type and help. */
export interface Meter {
	/** Adds to a counter. `code` is a label for errors and close codes. */
	count(name: CounterName, by?: number, code?: string): void;
	/** Records a duration in milliseconds or a size. */
	observe(name: HistogramName, value: number): void;
}

/** Numbers that are read whenever the metrics are, one for each combination of labels. */
export interface Series {
	/** Behind `naru_`; ends in `_total` where it only grows. */
	readonly name: string;
	readonly help: string;
	readonly labels: readonly string[];
	/** The values of the labels, in their order, and the number. */
	read(): Iterable<readonly [...values: string[], number: number]>;
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
	| 'eventsPublished'
	| 'eventPublishFailures'
	| 'storeReads'
	| 'storeRefusals'
	| 'storeBreaks';
export type HistogramName = 'commitMs' | 'batchCommits' | 'mailboxDepth' | 'activationMs';

export const NO_METER: Meter = { count: () => {}, observe: () => {} };
