import type { NodeCalls } from '../cluster/node-calls.ts';
import type { Membership, Placement } from '../cluster/ports.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { NodeLine } from '../protocol/ops.ts';
import type { NodeAnswers, NodeQuestion } from './node-answers.ts';

/** All living nodes, as operations need them. */
export interface Nodes {
	readonly self: string;
	lines(): readonly NodeLine[];
	/** Asks one of them. Rejects when it does not answer. */
	ask(node: string, question: NodeQuestion, args: unknown): Promise<unknown>;
	/** Where an actor is awake, or may be woken; `undefined`: nowhere. */
	ownerOf(key: ActorKey): Promise<string | undefined>;
	/** The node that shall wake an actor which is awake nowhere. */
	wakerOf(key: ActorKey): Promise<string | undefined>;
}

const answerOf = (answers: NodeAnswers, question: NodeQuestion) =>
	answers[question] as (args: unknown) => unknown;

/** A node that is alone. */
export function onlyNode(options: {
	readonly answers: NodeAnswers;
	readonly line: () => NodeLine;
	readonly isAwake: (key: ActorKey) => boolean;
}): Nodes {
	const { answers, line, isAwake } = options;
	const self = line().id;
	return {
		self,
		lines: () => [line()],
		ask: async (_node, question, args) => answerOf(answers, question)(args),
		ownerOf: async (key) => (isAwake(key) ? self : undefined),
		wakerOf: async () => self,
	};
}

/** Names of the calls between nodes. */
const callOf = (question: string) => `ops.${question}`;

/** One of several nodes; answers the others from now on. */
export function clusterNodes(options: {
	readonly answers: NodeAnswers;
	readonly line: () => NodeLine;
	readonly membership: Pick<Membership, 'nodes' | 'self'>;
	readonly placement: Pick<Placement, 'lookUp' | 'claim'>;
	readonly calls: Pick<NodeCalls, 'ask' | 'serve'>;
}): Nodes {
	const { answers, calls, line, membership, placement } = options;
	const self = membership.self.id;
	for (const question of Object.keys(answers) as NodeQuestion[]) {
		calls.serve(callOf(question), answerOf(answers, question));
	}
	return {
		self,
		lines: () =>
			[...membership.nodes.values()].map(({ id, url, pid, state, startedAt, load }) =>
				id === self ? line() : { id, url, pid, state, startedAt, ...(load && { load }) },
			),
		ask: (node, question, args) => calls.ask(node, callOf(question), args),
		ownerOf: (key) => placement.lookUp(key),
		wakerOf: (key) => placement.claim(key),
	};
}
