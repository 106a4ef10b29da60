import type {
	Collection,
	Doc,
	Key,
	PageQuery,
	ProjectedCommit,
	RowWrite,
	Store,
} from '../../../src/core/store.ts';

/** The collections that a store under test is opened with. */
export const STORE_COLLECTIONS: readonly Collection[] = [
	{
		name: 'messages',
		key: [
			{ name: 'channel', type: 'text' },
			{ name: 'seq', type: 'int' },
		],
		indexes: [
			{ name: 'byAuthor', fields: [{ name: 'userId', type: 'text' }] },
			{
				name: 'byRequest',
				fields: [
					{ name: 'userId', type: 'text' },
					{ name: 'requestId', type: 'text' },
				],
				unique: true,
			},
		],
	},
	{
		name: 'ranks',
		key: [
			{ name: 'board', type: 'text' },
			{ name: 'season', type: 'int' },
			{ name: 'player', type: 'text' },
		],
		indexes: [
			{
				name: 'byScore',
				fields: [
					{ name: 'league', type: 'text' },
					{ name: 'score', type: 'int' },
				],
			},
		],
	},
];

let names = 0;
/** A first key part that no other test has used. */
export const newName = () => `n${++names}`;

export const put = (collection: string, key: Key, doc: Doc): RowWrite => ({
	op: 'put',
	collection,
	key,
	doc,
});
export const patch = (key: Key, doc: Doc): RowWrite => ({
	op: 'patch',
	collection: 'messages',
	key,
	doc,
});
export const drop = (key: Key): RowWrite => ({ op: 'drop', collection: 'messages', key });

/** A commit with one event per list of rows, the last of them at `position`. */
export function commitOf(
	actor: ProjectedCommit['actor'],
	position: number,
	...rows: RowWrite[][]
): ProjectedCommit {
	const first = position - rows.length + 1;
	return {
		actor,
		position,
		events: rows.map((one, n) => ({ position: first + n, rows: one })),
	};
}

export const docOf = async (store: Store, key: Key) => (await store.get('messages', key))?.doc;

/** A page without its documents. */
export async function keysOf(store: Store, query: PageQuery) {
	const { rows, more } = await store.page(query);
	return { keys: rows.map(({ key }) => key), more };
}
