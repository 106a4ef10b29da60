import type { Collection, Doc, Key, RowWrite } from './store.ts';

type Named = Pick<Collection, 'name'>;

/** Replaces the document, or makes it. */
export const put = ({ name }: Named, key: Key, doc: Doc): RowWrite => ({
	op: 'put',
	collection: name,
	key,
	doc,
});

/** Merges top-level fields into a document that is there. */
export const patch = ({ name }: Named, key: Key, doc: Doc): RowWrite => ({
	op: 'patch',
	collection: name,
	key,
	doc,
});

/** Takes the document out. */
export const drop = ({ name }: Named, key: Key): RowWrite => ({
	op: 'drop',
	collection: name,
	key,
});
