import type { AuditEntry } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { time } from '../numbers.ts';
import { LiveState } from '../parts/live-state.tsx';
import { PageButtons, usePages } from '../parts/pages.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { actorHref } from '../route.ts';
import { useLive } from '../use-live.ts';

const LIMIT = 50;

/** An actor, or an order that only has an id. */
const Target = ({ target }: { readonly target: string }) =>
	target.includes('/') ? <a href={actorHref(target)}>{target}</a> : target;

const COLUMNS: readonly Column<AuditEntry>[] = [
	{ name: texts.at, show: ({ at }) => time(at) },
	{ name: texts.who, show: ({ who }) => who },
	{ name: texts.what, show: ({ what }) => texts.deeds[what] },
	{
		name: texts.target,
		show: ({ what, target }) =>
			what === 'drain' || what === 'kill' ? texts.node(target) : <Target target={target} />,
	},
	{ name: texts.taken, isMinor: true, show: ({ node }) => node },
];

/** What operators have done, newest first. */
export function AuditView() {
	const { ops } = useClient();
	const pages = usePages();
	const { after: before } = pages;
	const live = useLive(() => ops.audit({ before, limit: LIMIT }), `${before}`);
	const { value } = live;
	return (
		<main class="view">
			<h1>{texts.audit}</h1>
			{value && (
				<>
					<Table
						label={texts.audit}
						columns={COLUMNS}
						rows={value.entries}
						keyOf={({ id }) => id}
					/>
					<PageButtons pages={pages} next={value.hasMore ? value.entries.at(-1)?.id : undefined} />
				</>
			)}
			<LiveState live={live} />
		</main>
	);
}
