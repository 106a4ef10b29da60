import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, share } from '../numbers.ts';
import { LiveState } from '../parts/live-state.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { institutionHref } from '../route.ts';
import { useLive } from '../use-live.ts';
import { CircuitState } from './circuit-state.tsx';
import { type InstitutionLine, institutionLines } from './overview.ts';
import { SimulatorLink } from './simulator-link.tsx';

const words = texts.institutions;

const numberText = (value: unknown) => (typeof value === 'number' ? count(value) : '–');
const nodeNames = (value: unknown) => {
	const names = typeof value === 'string' ? value.split(' ').filter((name) => name !== '') : [];
	return names.length === 0 ? '–' : names.map(texts.node).join(', ');
};

function BadNode({ value }: { readonly value: unknown }) {
	const text = nodeNames(value);
	return text === '–' ? text : <span class="tag warn">{text}</span>;
}

const COLUMNS: readonly Column<InstitutionLine>[] = [
	{
		name: words.institution,
		show: ({ info: { id, name } }) => (
			<a class="institution-name" href={institutionHref(id)}>
				{name}
			</a>
		),
	},
	{ name: words.circuit, show: ({ info }) => <CircuitState info={info} /> },
	{ name: words.callsMinute, isNumber: true, show: ({ info }) => count(info.calls) },
	{
		name: words.failureRate,
		isNumber: true,
		show: ({ info }) => (info.calls === 0 ? '–' : share(info.failureRate)),
	},
	{
		name: words.generation,
		isNumber: true,
		isMinor: true,
		show: ({ figures }) => numberText(figures.generation),
	},
	{ name: words.canaries, isMinor: true, show: ({ figures }) => nodeNames(figures.canaries) },
	{
		name: words.badNode,
		isMinor: true,
		show: ({ figures }) => <BadNode value={figures.badNodes} />,
	},
	{
		name: words.permits,
		isNumber: true,
		isMinor: true,
		show: ({ figures: { permits, permitsOut } }) =>
			words.permitsOf(numberText(permitsOut), numberText(permits)),
	},
];

/** All institutions, as their actors see them over the whole cluster. */
export function InstitutionsView() {
	const naru = useClient();
	const live = useLive(() => institutionLines(naru), 'institutions');
	return (
		<main class="view">
			<div class="view-head">
				<h1>{words.institutions}</h1>
				<SimulatorLink />
			</div>
			{live.value && (
				<Table
					label={words.institutions}
					columns={COLUMNS}
					rows={live.value}
					keyOf={({ info }) => info.id}
				/>
			)}
			<LiveState live={live} />
		</main>
	);
}
