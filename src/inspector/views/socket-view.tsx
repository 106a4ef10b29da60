import type { HandleLine } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, duration, size } from '../numbers.ts';
import { Facts } from '../parts/facts.tsx';
import { LiveState } from '../parts/live-state.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { actorHref, socketsHref } from '../route.ts';
import { useLive } from '../use-live.ts';

const COLUMNS: readonly Column<HandleLine>[] = [
	{
		name: texts.key,
		show: ({ key, isMasked, style }) =>
			style === 'stream' && !isMasked ? <a href={actorHref(key)}>{key}</a> : <span>{key}</span>,
	},
	{ name: texts.style, isMinor: true, show: ({ style }) => style },
	{ name: texts.state, show: ({ state }) => state ?? '–' },
	{ name: texts.position, isNumber: true, show: ({ position }) => count(position ?? 0) },
	{ name: texts.lag, isNumber: true, show: ({ lag }) => count(lag ?? 0) },
];

interface SocketViewProps {
	readonly node: string;
	readonly id: string;
}

/** One client's socket, and what is open on it. */
export function SocketView({ node, id }: SocketViewProps) {
	const { ops } = useClient();
	const live = useLive(() => ops.socket({ node, id }), id);
	const { value } = live;
	return (
		<main class="view">
			<div class="view-head">
				<h1>{texts.socket}</h1>
				<a class="plain" href={socketsHref(node)}>
					{texts.node(node)}
				</a>
			</div>
			{value && (
				<>
					<Facts
						facts={[
							[texts.user, value.socket.user],
							[texts.device, value.socket.device],
							[texts.platform, value.socket.platform],
							[texts.handles, count(value.socket.handles)],
							[texts.queued, size(value.socket.bytesQueued)],
							[texts.silent, duration(value.socket.silentMs)],
							[texts.behind, duration(value.socket.behindMs)],
						]}
					/>
					<h2>{texts.handles}</h2>
					<Table
						label={texts.handles}
						columns={COLUMNS}
						rows={value.handles}
						keyOf={({ id: handle }) => handle}
					/>
					{value.hasMore && <p class="note">…</p>}
				</>
			)}
			<LiveState live={live} />
		</main>
	);
}
