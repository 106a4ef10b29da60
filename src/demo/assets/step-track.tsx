import type { JobStep } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';

const { assets } = texts;
const STEPS = ['authorise', 'token', 'list', 'details'] as const;

/** What is being done at an institution now. */
function stepText({ step, state, done, total, code }: JobStep): string {
	if (code !== undefined) return `${assets.reasons[code] ?? ''} ${assets.stepAgain}.`.trim();
	if (state === 'waiting' && step === 'authorise') return assets.stepWaits;
	return step === 'details' && total > 0 ? assets.detailsOf(done, total) : assets.steps[step];
}

function partOf({ step, state, done, total }: JobStep, place: number): number {
	const at = STEPS.indexOf(step);
	if (place !== at) return place < at ? 1 : 0;
	if (state === 'done') return 1;
	return step === 'details' && total > 0 ? done / total : 0;
}

/** The four steps at one institution, filling one after the other. */
export function StepTrack({ step }: { readonly step: JobStep }) {
	const at = STEPS.indexOf(step.step);
	return (
		<div class="step-track" data-step={step.step} data-waits={step.code !== undefined}>
			<span class="track" aria-hidden="true">
				{STEPS.map((name, place) => (
					<i key={name} class={place === at ? 'now' : ''}>
						<b style={{ width: `${partOf(step, place) * 100}%` }} />
					</i>
				))}
			</span>
			<small>{stepText(step)}</small>
		</div>
	);
}
