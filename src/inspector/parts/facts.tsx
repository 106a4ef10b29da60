import type { ComponentChildren } from 'preact';

/** Names with what is so; those without a value are left out. */
export type FactList = readonly (readonly [name: string, value: ComponentChildren])[];

export function Facts({ facts }: { readonly facts: FactList }) {
	const known = facts.filter(([, value]) => value !== undefined);
	return (
		<dl class="facts">
			{known.map(([name, value]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd>{value}</dd>
				</div>
			))}
		</dl>
	);
}
