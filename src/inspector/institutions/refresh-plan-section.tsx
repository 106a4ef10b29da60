import { useEffect, useMemo } from 'preact/hooks';
import type { RefreshPlanInfo } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, shortTime } from '../numbers.ts';
import { DeedButton } from '../parts/deed-button.tsx';
import { type FactList, Facts } from '../parts/facts.tsx';
import { LiveState } from '../parts/live-state.tsx';
import { useLive } from '../use-live.ts';
import { NumberOrder } from './number-order.tsx';
import { PlanChart } from './plan-chart.tsx';

const words = texts.institutions;

/** A night of six hours. */
const MINUTES = 360;

function factsOf(info: RefreshPlanInfo): FactList {
	const { phase, paused, nextAt, totals, expected, missedLastWeek } = info;
	return [
		[texts.state, paused ? words.paused : words.planPhases[phase]],
		[words.nextAt, nextAt === undefined ? undefined : shortTime(nextAt)],
		[
			words.targets,
			words.targetsOf(count(totals.targets), count(Math.max(expected, totals.targets))),
		],
		[words.recorded, count(totals.recorded)],
		[words.underWay, count(totals.open)],
		[words.failed, count(totals.failed)],
		[words.missed, count(missedLastWeek)],
	];
}

/** The weekly refresh of an institution's users: plan against actual, and the brake. */
export function RefreshPlanSection({ id }: { readonly id: string }) {
	const naru = useClient();
	const plan = useMemo(() => naru.refreshPlan(id), [naru, id]);
	const live = useLive(() => plan.board({ minutes: MINUTES }), `refresh-plan ${id}`);
	useEffect(() => () => plan.close(), [plan]);
	const { value, error } = live;
	return (
		<section class="refresh-plan">
			<h2>{words.plan}</h2>
			{error === 'NOT_FOUND' ? (
				<p class="note">{words.noPlan}</p>
			) : (
				<>
					<LiveState live={live} />
					{value && (
						<>
							<p class="note">{words.planHint}</p>
							<PlanChart minutes={value.minutes} />
							<Facts facts={factsOf(value.info)} />
							<div class="orders-row">
								<DeedButton
									key={String(value.info.paused)}
									name={value.info.paused ? words.resume : words.pause}
									confirm={words.sure}
									done={words.done}
									act={() => (value.info.paused ? plan.resume() : plan.pause())}
								/>
								<NumberOrder
									label={words.limit}
									value={value.info.perSecondMax}
									act={(perSecondMax) => plan.rate({ perSecondMax })}
								/>
							</div>
						</>
					)}
				</>
			)}
		</section>
	);
}
