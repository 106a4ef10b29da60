import type { InstitutionInfo } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { clockTime } from '../page/dates.ts';
import { isRefused } from './asset-lines.ts';

const { assets } = texts;

/** What everybody is told of an institution that is not well. */
function healthText(info: InstitutionInfo): string | undefined {
	if (isRefused(info)) {
		const { expectedAt } = info;
		return expectedAt === undefined
			? assets.maintenance
			: assets.maintenanceUntil(clockTime(expectedAt));
	}
	if (info.circuit === 'recovering') return assets.returning;
	return info.health === 'HEALTHY' ? undefined : assets.troubled;
}

/** Nothing as long as the institution is well. */
export function HealthLine({ info }: { readonly info: InstitutionInfo }) {
	const text = healthText(info);
	if (text === undefined) return null;
	return (
		<span class={isRefused(info) ? 'health refused' : 'health'} data-circuit={info.circuit}>
			<span>{text}</span>
		</span>
	);
}
