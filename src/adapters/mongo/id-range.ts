import { type Document, type Filter, MaxKey } from 'mongodb';

/**
 * Keys are documents in `_id`, fields always in the same order, so that the one index that every
 * collection has anyway is unique over the key and in its order: `{ a: 'x' }` comes before
 * `{ a: 'x', c: 1 }`, which comes before `{ a: 'x', c: 2 }`.
 */
export type Id = Readonly<Record<string, unknown>>;

/** Behind everything that begins like it; `next` names the part that would follow. */
export const behind = (start: Id, next: string | undefined): Id =>
	next === undefined ? start : { ...start, [next]: new MaxKey() };

/** What one collection has from one id on, and before another. */
export const between = <T extends Document>(start: Id, end: Id): Filter<T> =>
	({ _id: { $gte: start, $lt: end } }) as unknown as Filter<T>;

/** All documents whose id begins like `start`. */
export const beginsWith = <T extends Document>(start: Id, next: string): Filter<T> =>
	between(start, behind(start, next));
