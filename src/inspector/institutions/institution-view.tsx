import { useEffect } from 'preact/hooks';
import type { InstitutionBoard } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, share, shortTime } from '../numbers.ts';
import { type FactList, Facts } from '../parts/facts.tsx';
import { LiveState } from '../parts/live-state.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { institutionsHref } from '../route.ts';
import { useLive } from '../use-live.ts';
import { CircuitState } from './circuit-state.tsx';
import { CallMatrix, NodeTable } from './institution-nodes.tsx';
import { InstitutionOrders } from './institution-orders.tsx';
import { RefreshPlanSection } from './refresh-plan-section.tsx';
import { Rehearsal } from './rehearsal-section.tsx';

const words = texts.institutions;

type Turn = InstitutionBoard['turns'][number];

const TURNS: readonly Column<Turn>[] = [
	{ name: texts.at, show: ({ at }) => shortTime(at) },
	{ name: words.circuit, show: ({ circuit }) => words.circuits[circuit] },
	{ name: words.reason, show: ({ reason }) => words.reasons[reason] ?? reason },
	{ name: texts.who, show: ({ by }) => by ?? '–' },
	{
		name: texts.nodeName,
		isMinor: true,
		show: ({ node }) => (node === undefined ? '–' : texts.node(node)),
	},
	{
		name: words.generation,
		isNumber: true,
		isMinor: true,
		show: ({ generation }) => count(generation),
	},
];

function factsOf({ info, rules, gate, permits, badNodes }: InstitutionBoard): FactList {
	const { failureRate, callsMin } = rules.breaker;
	const out = permits.holders.reduce((sum, { bound }) => sum + bound, 0);
	const isWhole = permits.rateFactor === 1;
	return [
		[words.circuit, <CircuitState key="circuit" info={info} />],
		[words.health, words.healths[info.health]],
		[words.callsMinute, count(info.calls)],
		[words.failureRate, info.calls === 0 ? '–' : share(info.failureRate)],
		[words.opensAt, words.opensAtText(share(failureRate), count(callsMin))],
		[words.generation, count(gate.generation)],
		[words.since, shortTime(info.since)],
		[words.expected, info.expectedAt === undefined ? undefined : shortTime(info.expectedAt)],
		[words.canaries, gate.canaries.map(texts.node).join(', ') || '–'],
		[words.badNode, badNodes.map(texts.node).join(', ') || '–'],
		[words.permits, words.permitsOf(count(out), count(permits.count))],
		[
			words.rate,
			isWhole
				? words.perSecond(count(permits.ratePerSecond))
				: `${words.perSecond(count(permits.ratePerSecond))}, ${words.throttled(share(permits.rateFactor))}`,
		],
		[words.route, rules.routes > 1 ? words.routes[gate.route] : undefined],
	];
}

/** One institution over the whole cluster: what its actor knows, and what operators may order. */
export function InstitutionView({ id }: { readonly id: string }) {
	const naru = useClient();
	const institution = naru.institution(id);
	const live = useLive(() => institution.board(), `institution ${id}`);
	useEffect(() => () => institution.close(), [institution]);
	const { value, error } = live;
	const isGone = error === 'NOT_FOUND';
	return (
		<main class="view institution-board">
			<div class="view-head">
				<h1>{value?.info.name ?? id}</h1>
				<a href={institutionsHref}>{words.institutions}</a>
			</div>
			<LiveState live={live} />
			{value && !isGone && (
				<>
					<Facts facts={factsOf(value)} />
					<InstitutionOrders board={value} />
					<div class="columns">
						<CallMatrix board={value} />
						<NodeTable board={value} />
					</div>
					<RefreshPlanSection id={id} />
					<Rehearsal id={id} />
					<section>
						<h2>{words.turns}</h2>
						<Table
							label={words.turns}
							columns={TURNS}
							rows={value.turns}
							keyOf={({ position }) => position}
						/>
					</section>
				</>
			)}
		</main>
	);
}
