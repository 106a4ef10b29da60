/** Domain events as they were first told: every later build must read them so, and tell as much. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { institutionPublishing } from '../../actors/institution/publish-institution.ts';
import { initialStanding } from '../../actors/institution/standing.ts';
import { DOMAIN_EVENTS, latestVersion } from '../../src/protocol/domain-events.ts';

interface Fixture {
	readonly type: string;
	readonly version: number;
	readonly data: Readonly<Record<string, unknown>>;
}

const fixtures: readonly Fixture[] = JSON.parse(
	readFileSync(new URL('./fixtures/domain-events.json', import.meta.url), 'utf8'),
);

describe('contracts of domain events', () => {
	test.each(fixtures)('[P30] $type of version $version stays as it is', (fixture) => {
		const schema = DOMAIN_EVENTS[fixture.type]?.[fixture.version];
		expect(schema?.parse(fixture.data)).toEqual(fixture.data);
		// What a service relies on is never left out.
		for (const name of Object.keys(fixture.data)) {
			const { [name]: _, ...less } = fixture.data;
			const isOptional = ['closesAt', 'expectedAt', 'prevStatus'].includes(name);
			expect([name, schema?.safeParse(less).success]).toEqual([name, isOptional]);
		}
	});

	test('[P30] each type and version has a fixture', () => {
		const declared = Object.entries(DOMAIN_EVENTS).flatMap(([type, versions]) =>
			Object.keys(versions).map((version) => `${type} ${version}`),
		);
		expect(fixtures.map(({ type, version }) => `${type} ${version}`)).toEqual(declared);
	});

	test('[P30] the present version of a type is its highest; of an unknown type there is none', () => {
		const contract = { thing: { 1: {}, 2: {}, 10: {} } } as never;
		expect(latestVersion(contract, 'thing')).toBe(10);
		expect(() => latestVersion(contract, 'other')).toThrow('other');
	});

	test('[P30] an institution tells how it stands behind a turn, and by whom it was told to nobody', () => {
		const rules = { name: 'Bank', industry: 'bank', breaker: {} } as never;
		const standing = { ...initialStanding(rules, 5), auto: 'open', health: 'CRITICAL' } as const;
		const data = {
			standing: { ...standing, prevStatus: 'HEALTHY' },
			at: 7,
			reason: 'r',
			by: 'olga',
		};
		const meta = { key: 'institution/bank', id: 'bank', position: 3, at: 7 } as const;
		const tell = (type: 'turned' | 'healthTurned' | 'told' | 'counted') =>
			institutionPublishing.eventsOf({ type, data } as never, meta);
		expect([tell('told'), tell('counted')]).toEqual([[], []]);
		const [told] = tell('turned');
		expect(told?.type).toBe('institution.circuitChanged');
		expect(tell('healthTurned')[0]?.type).toBe('institution.healthChanged');
		expect(DOMAIN_EVENTS[told?.type ?? '']?.[1]?.parse(told?.data)).toEqual({
			...{ institutionId: 'bank', circuit: 'open', health: 'CRITICAL', prevStatus: 'HEALTHY' },
			since: 5,
		});
		expect(JSON.stringify(told)).not.toContain('olga');
	});
});
