import type { InstitutionInfo } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { share } from '../numbers.ts';

const { institutions } = texts;

const SIGN = { HEALTHY: 'online', CAUTION: 'away', CRITICAL: 'critical' } as const;

/** How the circuit stands, with a sign for how well the institution is. */
export function CircuitState({ info }: { readonly info: InstitutionInfo }) {
	const { circuit, health, percent } = info;
	return (
		<span class="node-state circuit-state" data-circuit={circuit}>
			<span class={`dot ${SIGN[health]}`} title={institutions.healths[health]}>
				<span class="hidden">{institutions.healths[health]}</span>
			</span>
			{circuit === 'recovering'
				? institutions.atPercent(share(percent / 100))
				: institutions.circuits[circuit]}
		</span>
	);
}
