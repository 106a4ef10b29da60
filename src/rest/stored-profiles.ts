import type { Collection, Store } from '../core/store.ts';
import { profileSchema } from '../protocol/channel.ts';
import type { Profiles } from './ports.ts';

/** Names and pictures set by a backend: key [userId], doc as in the protocol without the id. */
export const PROFILES: Collection = {
	name: 'profiles',
	key: [{ name: 'userId', type: 'text' }],
};

/** Profiles in the store; they belong to no actor. */
export function storedProfiles(store: Pick<Store, 'get' | 'put'>): Profiles {
	return {
		async get(userId) {
			const row = await store.get(PROFILES.name, [userId]);
			return row === undefined ? undefined : profileSchema.parse({ ...row.doc, userId });
		},
		put: ({ userId, ...doc }) => store.put(PROFILES.name, [userId], doc),
	};
}
