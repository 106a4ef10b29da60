import type { InstitutionBoard } from '../../../client-sdk/src/index.ts';

/** One node at one institution. */
export interface NodeRow {
	readonly node: string;
	readonly isBad: boolean;
	readonly isCanary: boolean;
	/** Good calls in a row of a canary. */
	readonly good: number | undefined;
	/** Permits; absent for a node that holds none. */
	readonly share: number | undefined;
	readonly want: number | undefined;
	readonly bound: number | undefined;
	/** Since its last report; absent for one that was not heard of lately. */
	readonly agoMs: number | undefined;
}

const sum = (values: readonly number[]) =>
	values.length === 0 ? undefined : values.reduce((one, other) => one + other, 0);

/** All nodes that anything is known of, oldest first; processes of one node count together. */
export function nodeRows(board: InstitutionBoard): readonly NodeRow[] {
	const { nodes, permits, badNodes, gate, canaries } = board;
	const { holders } = permits;
	const names = [
		...nodes.map(({ node }) => node),
		...holders.map(({ node }) => node),
		...badNodes,
		...gate.canaries,
	];
	return [...new Set(names)]
		.sort((one, other) => Number(one) - Number(other))
		.map((node) => {
			const own = holders.filter((holder) => holder.node === node);
			const heard = nodes.filter((one) => one.node === node).map(({ agoMs }) => agoMs);
			return {
				node,
				isBad: badNodes.includes(node),
				isCanary: gate.canaries.includes(node),
				good: canaries.find((canary) => canary.node === node)?.good,
				share: sum(own.map(({ share }) => share)),
				want: sum(own.map(({ want }) => want)),
				bound: sum(own.map(({ bound }) => bound)),
				agoMs: heard.length === 0 ? undefined : Math.min(...heard),
			};
		});
}
