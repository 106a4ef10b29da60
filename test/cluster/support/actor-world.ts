import { clusterActors } from '../../../src/cluster/cluster-actors.ts';
import { RelayLinks } from '../../../src/cluster/links.ts';
import { Ownership } from '../../../src/cluster/ownership.ts';
import { Switchboard } from '../../../src/cluster/switchboard.ts';
import type { ActorKind } from '../../../src/core/actor-kind.ts';
import type {
	ActorPort,
	CommandAnswer,
	OpenAnswer,
	Subscriber,
} from '../../../src/core/actor-port.ts';
import type { ActorSystemOptions } from '../../../src/core/actor-system.ts';
import { SILENT } from '../../../src/core/log.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import { type Asked, CoreBench } from '../../support/core-bench.ts';
import { counterKind } from '../../support/counter-kind.ts';
import { relayOf } from '../node-runtime.ts';
import { type TestNode, TestNodes } from '../test-nodes.ts';

const COUNTERS = [counterKind as ActorKind];
const caller = { userId: 'ann', roles: ['user'] };

/** A node with its actors, and the way from it to those of all nodes. */
export class ActorNode {
	readonly node: TestNode;
	readonly bench: CoreBench;
	readonly links: RelayLinks;
	readonly ownership: Ownership;
	readonly everywhere: ActorPort;

	/** `more`: other kinds than counters, and what they need. */
	constructor(node: TestNode, shared: CoreBench, more: Partial<ActorSystemOptions> = {}) {
		const { id, runtime, membership, placement, reach } = node;
		this.node = node;
		this.links = new RelayLinks({
			self: id,
			relay: relayOf(node.relay, runtime),
			runtime,
			log: SILENT,
			subjectPrefix: 'links',
		});
		membership.onChange(({ gone }) => {
			for (const peer of gone) this.links.forget(peer);
		});
		const switchboard = new Switchboard(this.links, SILENT);
		const { journal } = shared;
		const contracts = (more.kinds ?? COUNTERS).map(({ contract }) => contract);
		const common = { contracts, journal, membership, placement, switchboard };
		let everywhere: ActorPort | undefined;
		this.bench = new CoreBench({
			...more,
			shared,
			runtime,
			mayActivate: (key) => this.ownership.mayActivate(key),
			mayWake: (key) => this.ownership.mayWake(key),
			actors: (local) => {
				everywhere = clusterActors({ ...common, local, log: SILENT });
				return everywhere;
			},
		});
		const actors = this.bench.system;
		this.everywhere = everywhere ?? actors;
		const around = { placement, membership, reach, runtime, log: SILENT };
		this.ownership = new Ownership({ actors, ...around });
	}

	/** Sends a command to wherever the actor lives; the answer is in the array when it is there. */
	post(key: ActorKey, [name, args]: Asked, more: object = {}): CommandAnswer[] {
		const answers: CommandAnswer[] = [];
		const heard = (answer: CommandAnswer) => void answers.push(answer);
		this.everywhere.command(key, { caller, name, args, ...more }, heard);
		return answers;
	}

	open(key: ActorKey, subscriber: Subscriber): OpenAnswer[] {
		const answers: OpenAnswer[] = [];
		const heard = (answer: OpenAnswer) => void answers.push(answer);
		this.everywhere.open(key, { caller, args: {}, subscriber }, heard);
		return answers;
	}

	/** How many listen to the actor here. */
	listeners(key: ActorKey): number {
		return this.bench.system.hosts.get(key)?.subscribers.size ?? 0;
	}
}

/** Nodes with real actors, links, membership and placement, in virtual time. */
export async function actorNodes(
	count: number,
): Promise<{ world: TestNodes; nodes: readonly ActorNode[] }> {
	const { world, nodes } = await TestNodes.settled(count);
	const shared = new CoreBench();
	return { world, nodes: nodes.map((node) => new ActorNode(node, shared)) };
}
