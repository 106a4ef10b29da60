import { expect, test } from 'vitest';
import { originPolicy } from '../../src/rest/origin-policy.ts';

const LOOPBACK = [
	'http://localhost:5173',
	'https://localhost',
	'http://127.0.0.1:2567',
	'http://127.9.9.9',
	'http://[::1]:80',
	'http://app.localhost:3000',
];
const FOREIGN = [
	'null',
	'',
	'https://evil.example',
	'http://localhost.evil.example',
	'http://127.0.0.1.evil.example',
	'http://evil.example/localhost',
	'http://10.0.0.1',
	'file://localhost',
	'chrome-extension://localhost',
];
const LISTED = 'https://chat.example.com';

test('[P42] development: every loopback origin, and those listed', () => {
	const allowed = originPolicy({ development: true, allowedOrigins: [LISTED] });
	expect(LOOPBACK.filter((origin) => !allowed(origin))).toEqual([]);
	expect(FOREIGN.filter(allowed)).toEqual([]);
	expect(allowed(LISTED)).toBe(true);
});

test('[P42] production: those listed, exactly', () => {
	const allowed = originPolicy({ development: false, allowedOrigins: [LISTED] });
	expect(
		[...LOOPBACK, ...FOREIGN, `${LISTED}:8443`, `${LISTED}.evil.example`].filter(allowed),
	).toEqual([]);
	expect(allowed(LISTED)).toBe(true);
});

test('a client that is no page has no origin', () => {
	const allowed = originPolicy({ development: false, allowedOrigins: [] });
	expect(allowed(undefined)).toBe(true);
});
