/** Composition of what operators look into a node through, and act on it. */
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { Config } from './config.ts';
import type { ActorSystem } from './core/actor-system.ts';
import type { Journal } from './core/journal.ts';
import type { Log } from './core/log.ts';
import type { Store } from './core/store.ts';
import type { Gateway } from './gateway/gateway.ts';
import { AuditTrail } from './ops/audit-trail.ts';
import type { LoadMeter } from './ops/load-meter.ts';
import { type NodeParts, nodeAnswers } from './ops/node-answers.ts';
import { clusterNodes, onlyNode } from './ops/nodes.ts';
import { Operations } from './ops/operations.ts';
import type { KindContract } from './protocol/kind.ts';
import type { NodeLine } from './protocol/ops.ts';

/** What is told of a node's readiness; `unready` says why it is not. */
export interface NodeStatus {
	readonly url: string;
	unready: string | undefined;
	isDraining: boolean;
	/** Ends the node orderly. */
	drain: () => void;
}

export interface OperationsParts {
	readonly config: Config;
	readonly log: Log;
	readonly status: NodeStatus;
	readonly node: string;
	readonly cluster: ClusterNode | undefined;
	readonly actors: ActorSystem;
	readonly gateway: () => Gateway;
	readonly contracts: readonly KindContract[];
	readonly journal: Journal;
	readonly store: Store;
	readonly load: LoadMeter;
	readonly presence: NodeParts['presence'];
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** In development and reached from this machine only: pages may end nodes. */
export const isPlayground = ({ development, host }: Config) => development && LOOPBACK.test(host);

/** The operations of one node, over all nodes; this one answers the others from now on. */
export function openOperations(parts: OperationsParts): Operations {
	const { actors, cluster, config, journal, log, status } = parts;
	const line = nodeLine(parts);
	const answers = nodeAnswers({
		...parts,
		line,
		links: cluster && (() => cluster.links.linkFigures()),
		claim: cluster && ((key) => cluster.placement.claim(key, { handedOver: true })),
		drain: () => status.drain(),
		...(isPlayground(config) ? { kill: () => process.kill(process.pid, 'SIGKILL') } : {}),
		runtime: nodeRuntime,
	});
	const nodes =
		cluster === undefined
			? onlyNode({ answers, line, isAwake: (key) => actors.hosts.has(key) })
			: clusterNodes({ ...cluster, answers, line });
	const audit = new AuditTrail(parts.store, nodeRuntime);
	return new Operations({ nodes, audit, journal, log });
}

function nodeLine({ load, node: id, status }: OperationsParts): () => NodeLine {
	const startedAt = nodeRuntime.now();
	const state = () => {
		if (status.isDraining) return 'draining';
		return status.unready === undefined ? 'up' : 'starting';
	};
	return () => ({
		id,
		url: status.url,
		pid: process.pid,
		state: state(),
		startedAt,
		load: load.recent(),
	});
}
