import type { EventMeta } from '../../src/core/actor-kind.ts';
import { drop, put } from '../../src/core/row-writes.ts';
import type { Collection, Doc, RowWrite } from '../../src/core/store.ts';
import { consentSlot } from './consent-slot.ts';
import type { RegistrationEvent } from './registration-events.ts';
import type { UserState } from './user-state.ts';

const text = (name: string) => ({ name, type: 'text' }) as const;
const int = (name: string) => ({ name, type: 'int' }) as const;

/** Newest snapshots: key [userId, institution], doc as in the protocol. */
export const ASSETS: Collection = {
	name: 'assets',
	key: [text('userId'), text('institution')],
	actor: { column: 'userId', kind: 'user' },
};

/**
 * Whom the weekly refresh has to go to: key [institution, userId], doc {institution, userId, slot,
 * expires}. `bySlot` gives the users of an institution in the order of {@link consentSlot}.
 */
const CONSENTS: Collection = {
	name: 'consents',
	key: [text('institution'), text('userId')],
	indexes: [{ name: 'bySlot', fields: [text('institution'), int('slot')] }],
	actor: { column: 'userId', kind: 'user' },
};

/** What became of consents, for ever: key [userId, position], doc {at, what, institution, by, …} (I7). */
const CONSENT_AUDIT: Collection = {
	name: 'consentAudit',
	key: [text('userId'), int('position')],
	actor: { column: 'userId', kind: 'user' },
	datedBy: 'at',
};

export const REGISTRATION_COLLECTIONS: readonly Collection[] = [ASSETS, CONSENTS, CONSENT_AUDIT];

function audit({ id, position, at, by }: EventMeta, doc: Doc): RowWrite {
	return put(CONSENT_AUDIT, [id, position], { at, ...(by === undefined ? {} : { by }), ...doc });
}

/** The rows of one event, on the state behind it. */
export function projectRegistration(
	{ registration }: UserState,
	{ type, data }: RegistrationEvent,
	meta: EventMeta,
): readonly RowWrite[] {
	const { id: userId } = meta;
	switch (type) {
		case 'consented': {
			const { institution, scopes, expires } = data;
			const slot = consentSlot(userId);
			return [
				put(CONSENTS, [institution, userId], { institution, userId, slot, expires }),
				audit(meta, { what: 'given', institution, scopes, expires }),
			];
		}
		case 'recorded': {
			const { institution, source, version, asOf } = data;
			const from = source === 'run' ? registration?.runs : registration?.refreshes;
			// Not there, or without assets that were erased since: what follows drops the row.
			const { assets } = from?.get(institution) ?? { assets: [] };
			return [put(ASSETS, [userId, institution], { institution, version, asOf, assets })];
		}
		case 'withdrawn': {
			const { institution, reason } = data;
			const gone = reason === 'withdrawn' ? [drop(ASSETS, [userId, institution])] : [];
			return [
				drop(CONSENTS, [institution, userId]),
				...gone,
				audit(meta, { what: reason, institution }),
			];
		}
		case 'revoked': {
			const { institution, isGivenUp } = data;
			return [audit(meta, { what: isGivenUp ? 'notRevoked' : 'revoked', institution })];
		}
		default:
			return [];
	}
}
