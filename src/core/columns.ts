import type { Collection, Doc, Key, KeyPart } from './store.ts';

/** A column of a key, or a field that an index is over. */
export type Column = Collection['key'][number];

const isOfType = (value: unknown, type: Column['type']): value is KeyPart =>
	type === 'text' ? typeof value === 'string' : Number.isSafeInteger(value);

/** Throws when the key does not fit its collection's declaration: a bug of the caller. */
export function checkKey({ name, key: columns }: Pick<Collection, 'name' | 'key'>, key: Key): void {
	const fits =
		key.length === columns.length && columns.every(({ type }, n) => isOfType(key[n], type));
	if (!fits) throw new Error(`not a key of ${name}: its columns differ in number or type`);
}

/** What an index sees of a document: `undefined` where it has no such field of the type. */
export function fieldValue(doc: Doc, { name, type }: Column): KeyPart | undefined {
	const value = doc[name];
	return isOfType(value, type) ? value : undefined;
}
