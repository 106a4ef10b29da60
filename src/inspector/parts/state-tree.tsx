import { texts } from '../language.ts';
import { count } from '../numbers.ts';

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

/** A masked state as it is nested. */
export function StateTree({ value }: { readonly value: unknown }) {
	if (typeof value !== 'object' || value === null) {
		return <code>{typeof value === 'number' ? count(value) : String(value ?? '–')}</code>;
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
