import type { Series } from '../core/meter.ts';
import type { CallHistory } from './call-history.ts';
import type { createGuardedCalls } from './guarded-calls.ts';
import type { InstitutionWatch } from './institution-watch.ts';

export interface CallSeriesOptions {
	readonly calls: Pick<ReturnType<typeof createGuardedCalls>, 'figures' | 'counts'>;
	readonly watch: Pick<InstitutionWatch, 'infos' | 'permits'>;
	readonly history: Pick<CallHistory, 'figures'>;
}

/** What metrics tell of the calls of this node to institutions: numbers only, of no user. */
export function callSeries({ calls, watch, history }: CallSeriesOptions): Series[] {
	const ids = () => watch.infos().map(({ id }) => id);
	return [
		{
			name: 'institution_calls_total',
			help: 'Calls to institutions that went out, by what they have shown',
			labels: ['institution', 'class'],
			read: () =>
				calls
					.counts()
					.flatMap(({ institution, answers }) =>
						[...answers].map(([kind, count]) => [institution, kind, count] as const),
					),
		},
		{
			name: 'institution_refusals_total',
			help: 'Calls to institutions that did not go out, by code',
			labels: ['institution', 'code'],
			read: () =>
				calls
					.counts()
					.flatMap(({ institution, refusals }) =>
						[...refusals].map(([code, count]) => [institution, code, count] as const),
					),
		},
		{
			name: 'institution_permits_total',
			help: 'Permits that calls asked for: taken, or refused after the longest wait',
			labels: ['institution', 'outcome'],
			read: () =>
				calls
					.counts()
					.flatMap(({ institution, permits }) =>
						Object.entries(permits).map(
							([outcome, count]) => [institution, outcome, count] as const,
						),
					),
		},
		{
			name: 'institution_permits_share',
			help: 'Calls that this node may make in an interval now',
			labels: ['institution'],
			read: () => ids().map((id) => [id, watch.permits.figures(id).share] as const),
		},
		{
			name: 'institution_permits_waiting',
			help: 'Calls that wait for a permit',
			labels: ['institution'],
			read: () => ids().map((id) => [id, watch.permits.figures(id).waiting] as const),
		},
		{
			name: 'institution_circuit',
			help: '1 for the state of each circuit as this node heard last',
			labels: ['institution', 'circuit'],
			read: () => watch.infos().map(({ id, circuit }) => [id, circuit, 1] as const),
		},
		{
			name: 'institution_lane_calls',
			help: 'Calls in the lanes to institutions, under way and waiting for a place',
			labels: ['institution', 'lane', 'state'],
			read: () =>
				calls
					.figures()
					.flatMap(({ institution, lane, inFlight, waiting }) => [
						[institution, lane, 'in_flight', inFlight] as const,
						[institution, lane, 'waiting', waiting] as const,
					]),
		},
		{
			name: 'institution_history_waiting',
			help: 'Calls whose record is not stored yet',
			labels: [],
			read: () => [[history.figures().waiting]],
		},
		{
			name: 'institution_history_lost_total',
			help: 'Calls whose record will never be stored',
			labels: [],
			read: () => [[history.figures().lost]],
		},
	];
}
