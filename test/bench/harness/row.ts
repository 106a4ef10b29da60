/** One line of the result, as `contracts.md` describes it. */
export interface ResultRow {
	readonly scenario: string;
	readonly name: string;
	readonly unit: string;
	readonly value: number;
	/** The goal in the same unit; `null` for a figure that is only shown. */
	readonly reach: number | null;
	/** Whether the goal is a ceiling or a floor. */
	readonly bound: 'max' | 'min';
	/** Nobody missed a message and, in a full run, within reach. */
	readonly ok: boolean;
	/** Messages that a member on either side missed or got out of order. */
	readonly missed: number;
	readonly peers: Readonly<Record<string, number>>;
}

/** A row as its measurement found it; {@link judge} adds the verdict. */
export interface Finding {
	readonly name: string;
	readonly unit: string;
	readonly value: number;
	readonly atMost?: number;
	readonly atLeast?: number;
	readonly missed: number;
	readonly peers?: Readonly<Record<string, number>>;
}

/** What a scenario's rows are run with. */
export interface Bench {
	/** Small sizes, one run, judged by correctness only. */
	readonly quick: boolean;
	/** Alternating runs whose median is taken. */
	readonly runs: number;
	/** Folder for CPU profiles of the servers, when wanted. */
	readonly profileDir?: string;
	progress(text: string): void;
}

/** A file of `rows/`: measures one line of the table of goals. */
export interface BenchRow {
	readonly id: string;
	/** One sentence for the person who waits. */
	readonly about: string;
	run(bench: Bench): Promise<readonly Finding[]>;
}

const within = (finding: Finding) =>
	(finding.atMost === undefined || finding.value <= finding.atMost) &&
	(finding.atLeast === undefined || finding.value >= finding.atLeast);

/** The verdict on a finding. */
export function judge(scenario: string, finding: Finding, quick: boolean): ResultRow {
	return {
		scenario,
		name: finding.name,
		unit: finding.unit,
		value: finding.value,
		reach: finding.atMost ?? finding.atLeast ?? null,
		bound: finding.atLeast === undefined ? 'max' : 'min',
		ok: finding.missed === 0 && (quick || within(finding)),
		missed: finding.missed,
		peers: finding.peers ?? {},
	};
}
