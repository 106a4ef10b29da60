import type { PublishedEvent, Publishing } from '../../src/core/actor-kind.ts';
import { INSTITUTION_DOMAIN_EVENTS } from '../../src/protocol/domain-events.ts';
import { splitKey } from '../../src/protocol/ids.ts';
import type { InstitutionEvent } from './institution-events.ts';
import { infoOf } from './standing.ts';

/** Of nearly all events: shared, for they are many. */
const NOTHING: readonly PublishedEvent[] = [];

/** What leaves of an institution: each turn of its circuit, and of its health. */
export const institutionPublishing: Publishing<InstitutionEvent> = {
	contract: INSTITUTION_DOMAIN_EVENTS,
	eventsOf({ type, data }, { key }) {
		if (type !== 'turned' && type !== 'healthTurned') return NOTHING;
		const { id: institutionId, ...info } = infoOf(splitKey(key).id, data.standing);
		const what = type === 'turned' ? 'circuitChanged' : 'healthChanged';
		return [{ type: `institution.${what}`, data: { institutionId, ...info } }];
	},
};
