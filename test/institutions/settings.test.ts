import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TYPICAL_TRAFFIC } from '../../src/institutions/leveller/online-traffic.ts';
import {
	classOf,
	InstitutionSettingsError,
	readInstitutions,
} from '../../src/institutions/settings.ts';
import { CATALOGUE } from '../../src/simulators/institution/catalogue.ts';

let directory: string;
beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), 'naru-institutions-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const defaults = {
	timeouts: { connectMs: 1_000, totalMs: 10_000, slowMs: 5_000 },
	lanes: {
		online: { inFlightMax: 10, waitingMax: 10 },
		batch: { inFlightMax: 5, waitingMax: 5 },
	},
	perUser: { perSecondMax: 1, burstMax: 10 },
	ratePerSecond: 10,
	batchHours: { from: 22, to: 4 },
	breaker: { failureRate: 0.5, callsMin: 20, goodMs: 60_000, stepMs: 10_000, expectedMs: 1_000 },
	bodyBytesMax: 100_000,
	classes: { '404': 'ok' },
	credentials: { clientId: 'us' },
};
const one = { id: 'b', name: 'B', industry: 'bank', baseUrls: ['https://b.example/api/'] };

/** Reads a file with these institutions. */
function read(institutions: object[], env: Record<string, string> = {}, over: object = {}) {
	const file = join(directory, 'institutions.json');
	writeFileSync(file, JSON.stringify({ utcOffsetMinutes: 540, defaults, institutions, ...over }));
	return readInstitutions({ file, env });
}

test('by default there are those of the simulator, at its address', () => {
	const { all, get } = readInstitutions({ simulatorUrl: 'http://sim:1/', env: {} });
	expect(all.map(({ id, industry }) => ({ id, industry }))).toEqual(
		CATALOGUE.map(({ id, industry }) => ({ id, industry })),
	);
	expect(all.map(({ baseUrls }) => baseUrls)).toEqual(
		CATALOGUE.map(({ id, routes }) => routes.map((route) => `http://sim:1/${id}/${route}`)),
	);
	expect(get('bank-a')).toBe(all[0]);
	expect(get('bank-z')).toBeUndefined();
	expect(readInstitutions({ env: {} }).all).toEqual([]);
});

test('what an institution says goes over the defaults, field by field', () => {
	const { all, utcOffsetMinutes } = read([
		{
			...{ ...one, timeouts: { totalMs: 9_000 }, ratePerSecond: 3 },
			traffic: { holidays: ['2026-12-25'] },
		},
	]);
	expect(utcOffsetMinutes).toBe(540);
	expect(all).toEqual([
		{
			...defaults,
			...one,
			baseUrls: ['https://b.example/api'],
			ratePerSecond: 3,
			timeouts: { ...defaults.timeouts, totalMs: 9_000 },
			traffic: { ...TYPICAL_TRAFFIC, holidays: ['2026-12-25'] },
			weekBeginsMinutes: 0,
		},
	]);
});

test('secrets come from the environment, and are in no settings', () => {
	const credentials = { clientId: 'us', clientSecretEnv: 'B_SECRET', certificatesEnv: 'B_CA' };
	const institutions = read([{ ...one, credentials }], { B_SECRET: 'hush', B_CA: 'pem' });
	expect(institutions.secretsOf('b')).toEqual({ clientSecret: 'hush', certificates: 'pem' });
	expect(JSON.stringify(institutions.all)).not.toContain('hush');
	expect(() => institutions.secretsOf('z')).toThrow('there is no institution z');
	expect(() => read([{ ...one, credentials }], { B_SECRET: 'hush' })).toThrow(
		new InstitutionSettingsError('institution b: set B_CA in the environment'),
	);
});

test.each([
	[{ industry: 'zoo' }, 'institution b industry: Invalid option'],
	[{ baseUrls: ['ftp://b'] }, 'institution b baseUrls.0: set an http(s) URL'],
	[{ baseUrls: [] }, 'institution b baseUrls: Too small'],
	[{ ratePerSecond: 0 }, 'institution b ratePerSecond: Too small'],
	[{ timeouts: { totalMs: 10 } }, 'institution b: slowMs is beyond totalMs'],
	[{ batchHours: { from: 22, to: 22 } }, 'institution b: batchHours are empty'],
	[{ classes: { '404': 'fine' } }, 'institution b classes.404: Invalid option'],
	[{ classes: { never: 'ok' } }, 'institution b classes.never:'],
	[{ colour: 'red' }, 'institution b: Unrecognized key'],
	[{ id: 'a b' }, 'institution a b id: ids are 1 to 64 of'],
])('%j is one clear line', (over, problem) => {
	expect(() => read([{ ...one, ...over }])).toThrow(problem);
	try {
		read([{ ...one, ...over }]);
	} catch (error) {
		expect(error).toBeInstanceOf(InstitutionSettingsError);
		expect(String(error)).not.toContain('\n');
	}
});

test('two of one name, and a file that is none, are refused', () => {
	expect(() => read([one, one])).toThrow('institution b is there twice');
	expect(() => read([], {}, { institutions: 7 })).toThrow('institutions institutions:');
	expect(() => readInstitutions({ file: join(directory, 'none.json'), env: {} })).toThrow(
		/^the file of institutions cannot be read: ENOENT/,
	);
});

test('[I11] outcomes count as the settings say, the closer one first', () => {
	const plain = { classes: {} };
	const outcomes = ['200', '302', '401', '403', '404', '408', '422', '429', '500', '503'];
	expect(outcomes.map((outcome) => classOf(plain, outcome))).toEqual([
		...['ok', 'failed', 'denied', 'denied', 'business', 'failed', 'business', 'throttled'],
		...['failed', 'failed'],
	]);
	expect(['connect', 'timeout', 'unreadable', '700'].map((one) => classOf(plain, one))).toEqual(
		Array.from({ length: 4 }, () => 'failed'),
	);
	const own = { classes: { '5xx': 'business', '503': 'throttled', '4xx': 'failed' } } as const;
	expect(['500', '503', '401', '404'].map((outcome) => classOf(own, outcome))).toEqual([
		...['business', 'throttled', 'denied', 'failed'],
	]);
});
