import { texts } from '../language.ts';
import { count, time } from '../numbers.ts';

/** Stands for what was left out, in a masked state. */
const REST = '…';

function Entry({ name, value }: { readonly name: string; readonly value: unknown }) {
	const isRest = name === REST && typeof value === 'number';
	if (isRest) return <li class="quiet">{texts.more(count(value))}</li>;
	return (
		<li>
			<span class="state-name">{name}</span> <StateTree value={value} />
		</li>
	);
}

/** Numbers between these are moments, of the years 2001 to 2100, in milliseconds. */
const MOMENTS = [1e12, 4.1e12] as const;

function scalarText(value: unknown): string {
	if (typeof value !== 'number') return String(value ?? '–');
	return value > MOMENTS[0] && value < MOMENTS[1] ? time(value) : count(value);
}

/** A masked state as it is nested. */
export function StateTree({ value }: { readonly value: unknown }) {
	if (typeof value !== 'object' || value === null) {
		return <code>{scalarText(value)}</code>;
	}
	const entries = Object.entries(value);
	if (entries.length === 0) return <code>{Array.isArray(value) ? '[ ]' : '{ }'}</code>;
	return (
		<ul class="state">
			{entries.map(([name, inner]) => (
				<Entry key={name} name={name} value={inner} />
			))}
		</ul>
	);
}
