import type { RefreshMinute } from '../../../client-sdk/src/generated/schemas.ts';

const MINUTE_MS = 60_000;
/** A quarter more than the highest value, so that a flat line does not lie at the edge. */
const HEADROOM = 1.25;

/** The drawing's own measure; the page stretches it. */
export const CHART = { width: 720, height: 160 } as const;

/** What is drawn of plan against actual. */
export interface ChartShape {
	readonly from: number;
	/** End of the last minute. */
	readonly to: number;
	/** Highest value of the scale. */
	readonly top: number;
	/** Path of the plan, a line in steps. */
	readonly planned: string;
	/** Path of what was done, an area. */
	readonly recorded: string;
	/** Minutes with failures, as bars from below. */
	readonly failed: readonly { readonly at: number; readonly x: number; readonly height: number }[];
	/** Width of a minute. */
	readonly step: number;
}

/** Runs of minutes without a hole between them: a night, and the next. */
function runsOf(minutes: readonly RefreshMinute[]): RefreshMinute[][] {
	const runs: RefreshMinute[][] = [];
	for (const minute of minutes) {
		const run = runs.at(-1);
		const before = run?.at(-1);
		if (run === undefined || before === undefined || minute.at - before.at > MINUTE_MS) {
			runs.push([minute]);
		} else run.push(minute);
	}
	return runs;
}

/** The minutes behind the last step back of their clock: it was set back, or a night is run again. */
function newest(minutes: readonly RefreshMinute[]): readonly RefreshMinute[] {
	let from = minutes.length - 1;
	while (from > 0 && (minutes[from - 1]?.at ?? 0) < (minutes[from]?.at ?? 0)) from--;
	return minutes.slice(from);
}

/** Plan against actual as paths; `undefined` without minutes, which come as they happened. */
export function chartShape(all: readonly RefreshMinute[]): ChartShape | undefined {
	const minutes = newest(all);
	const [first] = minutes;
	const last = minutes.at(-1);
	if (first === undefined || last === undefined) return undefined;
	const from = first.at;
	const to = last.at + MINUTE_MS;
	const highest = Math.max(...minutes.map(({ planned, recorded }) => Math.max(planned, recorded)));
	const top = Math.max(1, Math.ceil(highest * HEADROOM));
	const step = (CHART.width * MINUTE_MS) / (to - from);
	const x = (at: number) => round(((at - from) / (to - from)) * CHART.width);
	const y = (value: number) => round(CHART.height * (1 - value / top));
	const stairs = (run: readonly RefreshMinute[], of: 'planned' | 'recorded') =>
		run.map((minute) => `H${x(minute.at)}V${y(minute[of])}H${x(minute.at + MINUTE_MS)}`).join('');
	const runs = runsOf(minutes);
	const line = (run: readonly RefreshMinute[]) => {
		const [start] = run;
		return start === undefined
			? ''
			: `M${x(start.at)} ${y(start.planned)}${stairs(run, 'planned')}`;
	};
	const area = (run: readonly RefreshMinute[]) => {
		const [start] = run;
		if (start === undefined) return '';
		return `M${x(start.at)} ${CHART.height}${stairs(run, 'recorded')}V${CHART.height}Z`;
	};
	return {
		...{ from, to, top, step: round(step) },
		planned: runs.map(line).join(''),
		recorded: runs.map(area).join(''),
		failed: minutes
			.filter(({ failed }) => failed > 0)
			.map(({ at, failed }) => ({
				at,
				x: x(at),
				height: round((Math.min(failed, top) / top) * CHART.height),
			})),
	};
}

const round = (value: number) => Math.round(value * 10) / 10;
