import { createHash } from 'node:crypto';
import { actorKey, directUsers, splitKey } from '../protocol/ids.ts';

const LENGTH = 8;

/**
 * Stands for an id of a person or device on the screens of operators: the same for the same id, on all
 * nodes, so that what belongs together can be seen. It hides from eyes and screenshots, not from one who
 * has a list of ids to try.
 */
export function pseudonym(id: string): string {
	return `~${createHash('sha256').update(`naru ${id}`).digest('base64url').slice(0, LENGTH)}`;
}

/** The key of an actor with the users in it masked: of a direct channel, and of what is one user's own. */
export function maskedKey(key: string, isOwn: boolean): string {
	const { kind, id } = splitKey(key);
	if (isOwn) return actorKey(kind, pseudonym(id));
	const users = directUsers(id);
	return users === undefined ? key : actorKey(kind, `@${users.map(pseudonym).join('@')}`);
}
