import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REGISTRATION_EVENT_VERSIONS } from '../../actors/user/registration-events.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import type { UserState } from '../../actors/user/user-state.ts';
import type { StoredEvent } from '../../src/core/journal.ts';
import { user, works } from '../support/asset-user.ts';

const read = (file: string) =>
	JSON.parse(readFileSync(new URL(`./fixtures/${file}`, import.meta.url), 'utf8')) as {
		events: StoredEvent[];
		snapshot: unknown[];
	};

/** Without the times at which the consents were given, which are those of the commits. */
function comparable({ registration, ...rest }: UserState) {
	const consents = new Map([...(registration?.consents ?? [])].map(([id, one]) => [id, one]));
	for (const [id, consent] of consents) consents.set(id, { ...consent, given: 0 });
	return { ...rest, registration: { ...registration, consents } };
}

test('[P13] what version 1 stored of registrations is read for ever', () => {
	const { events, snapshot } = read('user-assets-v1.json');
	const types = new Set(events.map(({ type }) => type));
	for (const type of Object.keys(REGISTRATION_EVENT_VERSIONS)) expect(types).toContain(type);
	const ann = user();
	for (const event of events) ann.replay(event);
	const restored = userKind.restore('ann', snapshot);
	expect(comparable(restored)).toEqual(comparable(ann.state));
	expect(works(ann)).toEqual(['bank-a refresh', 'card-b revoke']);
	expect(restored.registration?.runs.get('telecom-f')).toMatchObject({
		phase: 'resting',
		step: { step: 'details', done: 2, total: 6, code: 'MAINTENANCE' },
	});
	expect(() => ann.replay({ type: 'stepped', version: 2, data: {} })).toThrow('version 2');
});

test('[P13] an inbox of before is a user without registrations', () => {
	const restored = userKind.restore('ann', read('user-v1.json').snapshot);
	expect(restored.registration).toBeUndefined();
	expect([...userKind.cut(restored)]).toHaveLength(1);
});
