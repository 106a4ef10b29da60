import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CounterName, HistogramName, Meter, Series } from '../core/meter.ts';
import { LoopDelay } from './loop-delay.ts';

/** Prometheus name (behind `naru_`), help and label of each counter. */
const COUNTERS: Record<CounterName, { name: string; help: string; label?: 'code' }> = {
	commits: { name: 'commits_total', help: 'Commits that landed in the journal' },
	events: { name: 'events_total', help: 'Durable events in those commits' },
	turns: { name: 'turns_total', help: 'Turns of actor hosts' },
	commandsTaken: { name: 'commands_total', help: 'Commands taken from mailboxes' },
	commandsRefused: {
		name: 'commands_refused_total',
		help: 'Commands that owners refused, whoever sent them, by code',
		label: 'code',
	},
	errors: {
		name: 'errors_total',
		help: 'Refusals and failures told to clients, by code',
		label: 'code',
	},
	fences: { name: 'fences_total', help: 'Owners stopped by a commit of another writer' },
	activations: { name: 'activations_total', help: 'Actors activated' },
	quarantines: { name: 'quarantines_total', help: 'Actors put into quarantine' },
	framesIn: { name: 'frames_in_total', help: 'Frames received from clients' },
	framesOut: { name: 'frames_out_total', help: 'Frames sent to clients' },
	bytesOut: { name: 'bytes_out_total', help: 'Bytes written to client sockets' },
	resumes: { name: 'resumes_total', help: 'Openings that owners answered with what was missed' },
	reopens: {
		name: 'reopens_total',
		help: 'Edges that came back to an actor, each with all its users at once',
	},
	resyncs: {
		name: 'resyncs_total',
		help: 'Openings that owners answered with a fresh state where one was known already',
	},
	ringResumes: {
		name: 'ring_resumes_total',
		help: 'Openings that edges answered from their rings, without an owner',
	},
	ringMisses: {
		name: 'ring_misses_total',
		help: 'Handles that the ring of their edge no longer reached, so that the owner was asked',
	},
	socketsClosed: {
		name: 'sockets_closed_total',
		help: 'Sockets closed, by close code',
		label: 'code',
	},
	eventsPublished: {
		name: 'domain_events_published_total',
		help: 'Domain events that have left; again counts again',
	},
	eventPublishFailures: {
		name: 'domain_event_failures_total',
		help: 'Tries to send events of an actor that failed',
	},
	storeReads: { name: 'store_reads_total', help: 'Reads from the store' },
	storeRefusals: {
		name: 'store_refusals_total',
		help: 'Calls to a shard of the store that were not sent: its breaker was open or too many waited',
		label: 'code',
	},
	storeBreaks: { name: 'store_breaks_total', help: 'Breakers of shards of the store that opened' },
};

const MS = 0.001;
const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/** `scale` turns what is observed into the Prometheus unit. */
const HISTOGRAMS: Record<
	HistogramName,
	{ name: string; help: string; scale: number; buckets: number[] }
> = {
	commitMs: {
		name: 'commit_seconds',
		help: 'From handing a commit to the journal to its outcome',
		scale: MS,
		buckets: SECONDS,
	},
	activationMs: {
		name: 'activation_seconds',
		help: 'From the first need of an actor to serving it',
		scale: MS,
		buckets: SECONDS,
	},
	batchCommits: {
		name: 'batch_commits',
		help: 'Commits gathered into one write of the journal',
		scale: 1,
		buckets: SIZES,
	},
	mailboxDepth: {
		name: 'mailbox_depth',
		help: 'Entries that waited when a turn began',
		scale: 1,
		buckets: SIZES,
	},
};

/** Codes of one counter; more than ever exist, so that a slip cannot grow the memory. */
const CODES_MAX = 200;
const OTHER = 'other';
const QUANTILES = [0.5, 0.99, 1];

/**
 * The program's {@link Meter} and what `/metrics` answers. Counting adds to a plain number, for it
 * happens with every frame; Prometheus's own counters are filled when they are read.
 */
export class Metrics implements Meter {
	readonly #registry = new Registry();
	readonly #totals = new Map<CounterName, Map<string, number>>();
	readonly #histograms = new Map<HistogramName, { histogram: Histogram; scale: number }>();
	readonly #loop = new LoopDelay();

	constructor() {
		this.#addDefaults();
		for (const name of Object.keys(COUNTERS) as CounterName[]) this.#addCounter(name);
		for (const name of Object.keys(HISTOGRAMS) as HistogramName[]) this.#addHistogram(name);
		this.#addLoopDelay();
	}

	count(name: CounterName, by = 1, code = ''): void {
		const totals = this.#totals.get(name);
		if (totals === undefined) return;
		const known = totals.has(code) || totals.size < CODES_MAX;
		const key = known ? code : OTHER;
		totals.set(key, (totals.get(key) ?? 0) + by);
	}

	observe(name: HistogramName, value: number): void {
		const found = this.#histograms.get(name);
		found?.histogram.observe(value * found.scale);
	}

	/** Adds the gauge `naru_<name>`, read whenever the metrics are. */
	gauge(name: string, help: string, read: () => number): void {
		new Gauge({
			name: `naru_${name}`,
			help,
			registers: [this.#registry],
			collect() {
				this.set(read());
			},
		});
	}

	/** Adds what a feature measures; combinations of labels that are not read any more are gone. */
	series({ name, help, labels, read }: Series): void {
		const options = { name: `naru_${name}`, help, labelNames: labels, registers: [this.#registry] };
		const each = (set: (labels: Record<string, string>, value: number) => void) => {
			for (const row of read()) {
				const values = row.slice(0, -1) as string[];
				set(
					Object.fromEntries(labels.map((label, n) => [label, values[n] ?? ''])),
					row.at(-1) as number,
				);
			}
		};
		if (name.endsWith('_total')) {
			new Counter({
				...options,
				collect() {
					this.reset();
					each((labels, value) => this.inc(labels, value));
				},
			});
			return;
		}
		new Gauge({
			...options,
			collect() {
				this.reset();
				each((labels, value) => this.set(labels, value));
			},
		});
	}

	/** All metrics in Prometheus's text format. */
	text(): Promise<string> {
		return this.#registry.metrics();
	}

	/** Stops measuring the event loop. */
	close(): void {
		this.#loop.close();
	}

	#addCounter(name: CounterName): void {
		const { label, ...rest } = COUNTERS[name];
		const totals = new Map<string, number>(label === undefined ? [['', 0]] : []);
		this.#totals.set(name, totals);
		new Counter({
			name: `naru_${rest.name}`,
			help: rest.help,
			labelNames: label === undefined ? [] : [label],
			registers: [this.#registry],
			collect() {
				this.reset();
				for (const [code, total] of totals) {
					if (label === undefined) this.inc(total);
					else this.inc({ [label]: code }, total);
				}
			},
		});
	}

	#addHistogram(name: HistogramName): void {
		const { scale, ...rest } = HISTOGRAMS[name];
		const histogram = new Histogram({
			...rest,
			name: `naru_${rest.name}`,
			registers: [this.#registry],
		});
		this.#histograms.set(name, { histogram, scale });
	}

	/** Those of the library, but for its own measure of the loop's delay, which wakes the process. */
	#addDefaults(): void {
		collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 2 ** 31 - 1 });
		for (const { name } of this.#registry.getMetricsAsArray()) {
			if (name.startsWith('nodejs_eventloop_lag_') && name !== 'nodejs_eventloop_lag_seconds') {
				this.#registry.removeSingleMetric(name);
			}
		}
	}

	#addLoopDelay(): void {
		const loop = this.#loop;
		new Gauge({
			name: 'naru_event_loop_delay_seconds',
			help: 'Delay of the event loop since the last read, by quantile',
			labelNames: ['quantile'],
			registers: [this.#registry],
			collect() {
				for (const quantile of QUANTILES) {
					this.set({ quantile: String(quantile) }, loop.quantileMs(quantile) * MS);
				}
				loop.reset();
			},
		});
	}
}
