import { z } from 'zod';

/** What a public id may look like (users, channels, events): 1 to 64 of letters, digits, `_`, `-`. */
export const ID = /^[A-Za-z0-9_-]{1,64}$/;

export const idSchema = z.string().regex(ID, 'ids are 1 to 64 of A-Z a-z 0-9 _ -');

/** A direct channel is `@ann@bob`, names in order: no id can take its place beforehand. */
const DIRECT = /^@([A-Za-z0-9_-]{1,64})@([A-Za-z0-9_-]{1,64})$/;

/** What may stand behind the kind in an actor's key. */
export const keyIdSchema = z.string().refine((id) => ID.test(id) || directUsers(id) !== undefined, {
	message: 'not an id',
});

export { directId } from './limits.ts';

/** The two users of a direct channel's id; `undefined` for any other id. */
export function directUsers(id: string): readonly [string, string] | undefined {
	const [, one, other] = DIRECT.exec(id) ?? [];
	return one !== undefined && other !== undefined && one < other ? [one, other] : undefined;
}

/** `kind/id`, the name of an actor everywhere: journal, directory, logs. */
export type ActorKey = `${string}/${string}`;

export const actorKey = (kind: string, id: string): ActorKey => `${kind}/${id}`;

export function splitKey(key: string): { kind: string; id: string } {
	const slash = key.indexOf('/');
	return { kind: key.slice(0, slash), id: key.slice(slash + 1) };
}
