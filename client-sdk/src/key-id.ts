import { directId } from '../../src/protocol/limits.ts';

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Says what {@link isId} asks for. */
export const ID_RULE = 'ids are 1 to 64 of A-Z a-z 0-9 _ -';

/** Whether users, devices, channels or rooms may have this id. */
export const isId = (id: unknown): boolean => typeof id === 'string' && ID.test(id);

/** The same, and ids of direct channels. A frame with any other would cost the socket. */
export function isKeyId(id: unknown): boolean {
	if (isId(id)) return true;
	const [, one = '', other = ''] = /^@([^@]+)@([^@]+)$/.exec(String(id)) ?? [];
	return isId(one) && isId(other) && one !== other && directId(one, other) === id;
}
