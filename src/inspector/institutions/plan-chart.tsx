import type { RefreshMinute } from '../../../client-sdk/src/generated/schemas.ts';
import { texts } from '../language.ts';
import { count, shortTime } from '../numbers.ts';
import { CHART, chartShape } from './chart-shape.ts';

const words = texts.institutions;

/** Plan against actual, minute by minute: a flat line is what is wanted. */
export function PlanChart({ minutes }: { readonly minutes: readonly RefreshMinute[] }) {
	const shape = chartShape(minutes);
	if (shape === undefined) return <p class="note">{words.noMinutes}</p>;
	const { width, height } = CHART;
	return (
		<figure class="plan-chart">
			<span class="plan-top">{count(shape.top)}</span>
			<svg
				viewBox={`0 0 ${width} ${height}`}
				preserveAspectRatio="none"
				role="img"
				aria-label={words.planHint}
			>
				<path class="plan-recorded" d={shape.recorded} />
				{shape.failed.map(({ at, x, height: high }) => (
					<rect
						key={at}
						class="plan-failed"
						x={x}
						y={height - high}
						width={shape.step}
						height={high}
					/>
				))}
				<path class="plan-planned" d={shape.planned} vector-effect="non-scaling-stroke" />
			</svg>
			<figcaption>
				<time>{shortTime(shape.from)}</time>
				<span class="plan-legend">
					<span class="key planned">{words.planned}</span>
					<span class="key recorded">{words.carriedOut}</span>
					<span class="key failed">{words.failing}</span>
				</span>
				<time>{shortTime(shape.to)}</time>
			</figcaption>
		</figure>
	);
}
