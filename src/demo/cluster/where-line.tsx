import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { notify } from '../page/notify.tsx';
import { useWhere } from './use-where.ts';

interface NodeChipProps {
	readonly text: string;
	readonly node: string;
}

/** A node, with what ends it. */
function NodeChip({ text, node }: NodeChipProps) {
	const { ops } = useClient().naru;
	return (
		<span class="where-node" data-node={node}>
			{text}
			<button
				type="button"
				class="plain small"
				onClick={() => void ops.drain({ node }).catch(notify)}
			>
				{texts.drainNode}
			</button>
			<button
				type="button"
				class="plain small danger"
				onClick={() => void ops.kill({ node }).catch(notify)}
			>
				{texts.killNode}
			</button>
		</span>
	);
}

/** Among several nodes in development: where the socket and the channel are, and how to end those nodes. */
export function WhereLine({ channelId }: { readonly channelId: string }) {
	const where = useWhere(channelId);
	if (where === undefined) return null;
	const { node, owner } = where;
	return (
		<div class="where-line">
			<NodeChip text={texts.socketOn(node)} node={node} />
			{owner !== undefined && <NodeChip text={texts.channelOn(owner)} node={owner} />}
		</div>
	);
}
