import type { NodeLine } from '../../../client-sdk/src/generated/schemas.ts';
import { texts } from '../language.ts';

const DOTS = { starting: 'away', up: 'online', draining: 'away' } as const;

/** Whether a node takes new work, and whether it has too much. */
export function NodeState({ node }: { readonly node: Pick<NodeLine, 'state' | 'load'> }) {
	return (
		<span class="node-state">
			<span class={`dot ${DOTS[node.state]}`} aria-hidden="true" />
			{texts.states[node.state]}
			{node.load?.overloaded === true && <small class="tag warn">{texts.overloaded}</small>}
		</span>
	);
}
