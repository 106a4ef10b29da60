import type { NodeLine } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, delay, duration } from '../numbers.ts';
import { Facts } from '../parts/facts.tsx';
import { LiveState } from '../parts/live-state.tsx';
import { NodeState } from '../parts/node-state.tsx';
import { PageButtons, usePages } from '../parts/pages.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { actorsHref, socketsHref } from '../route.ts';
import { useLive } from '../use-live.ts';

const LIMIT = 50;

const columns = (self: string, now: number): Column<NodeLine>[] => [
	{
		name: texts.nodeName,
		show: ({ id }) => (
			<>
				<a href={actorsHref(id)}>{texts.node(id)}</a>{' '}
				{id === self && <small class="tag">{texts.thisOne}</small>}
			</>
		),
	},
	{ name: texts.state, show: (node) => <NodeState node={node} /> },
	{
		name: texts.sockets,
		isNumber: true,
		show: ({ id, load }) => <a href={socketsHref(id)}>{load ? count(load.sockets) : '–'}</a>,
	},
	{
		name: texts.actors,
		isNumber: true,
		show: ({ id, load }) => <a href={actorsHref(id)}>{load ? count(load.actors) : '–'}</a>,
	},
	{
		name: texts.loopDelay,
		isNumber: true,
		show: ({ load }) => (load ? delay(load.loopDelayMs) : '–'),
	},
	{
		name: texts.uptime,
		isNumber: true,
		isMinor: true,
		show: ({ startedAt }) => duration(Math.max(0, now - startedAt)),
	},
	{ name: texts.address, isMinor: true, show: ({ url }) => url },
	{ name: texts.process, isNumber: true, isMinor: true, show: ({ pid }) => pid },
];

/** All nodes. */
export function NodesView() {
	const naru = useClient();
	const pages = usePages();
	const { after } = pages;
	const live = useLive(() => naru.ops.nodes({ after, limit: LIMIT }), `nodes ${after}`);
	const { value } = live;
	return (
		<main class="view">
			<h1>{texts.nodes}</h1>
			{value && (
				<>
					<Facts
						facts={[
							[texts.nodes, count(value.total.nodes)],
							[texts.sockets, count(value.total.sockets)],
							[texts.actors, count(value.total.actors)],
						]}
					/>
					<Table
						label={texts.nodes}
						columns={columns(value.self, naru.now())}
						rows={value.nodes}
						keyOf={({ id }) => id}
					/>
					<PageButtons pages={pages} next={value.next} />
				</>
			)}
			<LiveState live={live} />
		</main>
	);
}
