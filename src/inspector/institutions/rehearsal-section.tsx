import { useEffect, useMemo, useState } from 'preact/hooks';
import type { RefreshPlanInfo } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count } from '../numbers.ts';
import { type FactList, Facts } from '../parts/facts.tsx';
import { useLive } from '../use-live.ts';
import { PlanChart } from './plan-chart.tsx';
import { useSimulator } from './simulator-link.tsx';

const words = texts.institutions;

/** The server's name for the plan of a rehearsal (`src/institutions/leveller/rehearsal.ts`). */
const planOf = (institution: string) => `rehearsal-${institution}`;
/** An hour of a night. */
const MINUTES = 60;

async function rehearse(institution: string): Promise<void> {
	const answer = await fetch('/api/v1/dev/refresh-rehearsals', {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ institution }),
	});
	if (!answer.ok) throw new Error(`${answer.status}`);
}

function factsOf({ phase, totals, expected }: RefreshPlanInfo): FactList {
	return [
		[texts.state, words.planPhases[phase]],
		[words.targets, words.targetsOf(count(totals.targets), count(expected))],
		[words.recorded, count(totals.recorded)],
		[words.underWay, count(totals.open)],
		[words.failed, count(totals.failed)],
	];
}

/** Whether it is about to begin, or has. */
const isUnderWay = ({ phase, nextAt = Infinity }: RefreshPlanInfo, now: number) =>
	phase === 'running' || nextAt < now + MINUTES * 60_000;

function RehearsalSection({ id }: { readonly id: string }) {
	const naru = useClient();
	const plan = useMemo(() => naru.refreshPlan(planOf(id)), [naru, id]);
	const live = useLive(() => plan.board({ minutes: MINUTES }), `rehearsal ${id}`);
	const [isAsked, setAsked] = useState(false);
	const [said, setSaid] = useState('');
	useEffect(() => () => plan.close(), [plan]);
	const info = live.value?.info;
	const isRunning = info !== undefined && isUnderWay(info, naru.now());
	const isComing = isAsked || (isRunning && info.phase === 'resting');
	const press = () => {
		setAsked(true);
		setSaid('');
		rehearse(id)
			.catch((error) => setSaid(words.refused(error.message)))
			.finally(() => setAsked(false));
	};
	return (
		<section class="rehearsal">
			<h2>{words.rehearsal}</h2>
			<p class="note">{words.rehearsalHint}</p>
			<div class="orders-row">
				<button type="button" class="primary" disabled={isAsked || isRunning} onClick={press}>
					{words.rehearse}
				</button>
				<span role="status">{isComing ? words.rehearsalBegins : said}</span>
			</div>
			{live.value && (
				<>
					<PlanChart minutes={live.value.minutes} />
					<Facts facts={factsOf(live.value.info)} />
				</>
			)}
		</section>
	);
}

/**
 * In development: an hour of tonight's refresh in two minutes, so that one sees the flat line by day.
 * Nothing where calls go to real institutions.
 */
export function Rehearsal({ id }: { readonly id: string }) {
	return useSimulator() === undefined ? null : <RehearsalSection id={id} />;
}
