import { useState } from 'preact/hooks';
import type { ActorLine } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, duration } from '../numbers.ts';
import { figuresText } from '../parts/figures-text.ts';
import { LiveState } from '../parts/live-state.tsx';
import { PageButtons, usePages } from '../parts/pages.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { actorHref } from '../route.ts';
import { useLive } from '../use-live.ts';

const LIMIT = 50;

const COLUMNS: readonly Column<ActorLine>[] = [
	{ name: texts.key, show: ({ key }) => <a href={actorHref(key)}>{key}</a> },
	{ name: texts.phase, isMinor: true, show: ({ phase }) => phase },
	{ name: texts.position, isNumber: true, show: ({ position }) => count(position) },
	{ name: texts.waits, isNumber: true, show: ({ waiting }) => count(waiting) },
	{ name: texts.edges, isNumber: true, show: ({ edges }) => count(edges) },
	{ name: texts.idle, isNumber: true, isMinor: true, show: ({ idleMs }) => duration(idleMs) },
	{ name: texts.figures, isMinor: true, show: ({ figures }) => figuresText(figures) },
];

/** The actors that are awake on a node, one page of them. */
export function ActorList({ node }: { readonly node: string }) {
	const { ops } = useClient();
	const [prefix, setPrefix] = useState('');
	const pages = usePages();
	const { after } = pages;
	const ask = () => ops.actors({ node, prefix, after, limit: LIMIT });
	const live = useLive(ask, `${prefix} ${after}`);
	const { value } = live;
	const search = (event: Event) => {
		pages.go(undefined);
		setPrefix((event.currentTarget as HTMLInputElement).value.trim());
	};
	return (
		<section aria-label={texts.actors}>
			<label class="filter">
				{texts.keyBegins}
				<input
					name="prefix"
					placeholder="channel/"
					autocomplete="off"
					autocapitalize="off"
					spellcheck={false}
					onInput={search}
				/>
			</label>
			{value && (
				<>
					<Table
						label={texts.actors}
						columns={COLUMNS}
						rows={value.actors}
						keyOf={({ key }) => key}
					/>
					<PageButtons pages={pages} next={value.next} />
				</>
			)}
			<LiveState live={live} />
		</section>
	);
}
