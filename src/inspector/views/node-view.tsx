import type { NodeFigures } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, delay, duration, size } from '../numbers.ts';
import { DeedButton } from '../parts/deed-button.tsx';
import { type FactList, Facts } from '../parts/facts.tsx';
import { LiveState } from '../parts/live-state.tsx';
import { NodeState } from '../parts/node-state.tsx';
import { actorsHref, socketsHref } from '../route.ts';
import { useLive } from '../use-live.ts';
import { ActorList } from './actor-list.tsx';
import { SocketList } from './socket-list.tsx';

function factsOf(node: NodeFigures, now: number): FactList {
	const { load, links } = node;
	return [
		[texts.state, <NodeState key="state" node={node} />],
		[texts.sockets, load && count(load.sockets)],
		[texts.handles, count(node.handles)],
		[texts.actors, load && count(load.actors)],
		[texts.streams, count(node.streams)],
		[texts.usersPresent, count(node.usersPresent)],
		[texts.loopDelay, load && delay(load.loopDelayMs)],
		[texts.queued, size(node.bytesQueued)],
		[texts.backlog, count(node.backlog)],
		[texts.memory, size(node.memoryBytes)],
		[texts.heap, size(node.heapBytes)],
		[texts.links, links && count(links.sessions)],
		[texts.linkBytes, links && size(links.bytesWaiting)],
		[texts.linkDowns, links && count(links.downs)],
		[texts.linkResends, links && count(links.resends)],
		[texts.uptime, duration(Math.max(0, now - node.startedAt))],
		[texts.address, node.url],
		[texts.process, node.pid],
	];
}

interface NodeViewProps {
	readonly node: string;
	readonly tab: 'actors' | 'sockets';
}

/** One node: its figures, and its actors or sockets. */
export function NodeView({ node, tab }: NodeViewProps) {
	const naru = useClient();
	const live = useLive(() => naru.ops.node({ node }), node);
	const { value } = live;
	const current = (is: boolean) => (is ? 'page' : undefined);
	return (
		<main class="view">
			<div class="view-head">
				<h1>{texts.node(node)}</h1>
				<DeedButton
					name={texts.drain}
					confirm={texts.drainConfirm}
					done={texts.drained}
					act={() => naru.ops.drain({ node })}
				/>
			</div>
			{value && <Facts facts={factsOf(value, naru.now())} />}
			<LiveState live={live} />
			<nav class="tabs">
				<a class="tab" href={actorsHref(node)} aria-current={current(tab === 'actors')}>
					{texts.actors}
				</a>
				<a class="tab" href={socketsHref(node)} aria-current={current(tab === 'sockets')}>
					{texts.sockets}
				</a>
			</nav>
			{tab === 'actors' ? <ActorList node={node} /> : <SocketList node={node} />}
		</main>
	);
}
