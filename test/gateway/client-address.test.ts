import { expect, test } from 'vitest';
import { clientAddress } from '../../src/gateway/client-address.ts';

const asked = (remoteAddress: string | undefined, forwarded?: string) => ({
	headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
	socket: { remoteAddress },
});

test('[P42] without a trusted proxy nobody names their own address', () => {
	expect(clientAddress(asked('192.0.2.1', '203.0.113.9'), 0)).toBe('192.0.2.1');
	expect(clientAddress(asked(undefined), 0)).toBe('');
});

test.each([
	[1, '203.0.113.9', '203.0.113.9'],
	[1, 'forged, 198.51.100.7, 203.0.113.9', '203.0.113.9'],
	[2, 'forged, 198.51.100.7, 203.0.113.9', '198.51.100.7'],
	[1, '203.0.113.9:4711', '203.0.113.9'],
	[1, '[2001:db8::7]:4711', '2001:db8:0:0::/64'],
	[1, 'unknown', '192.0.2.1'],
	[3, '198.51.100.7', '192.0.2.1'],
	[1, undefined, '192.0.2.1'],
])('[P42] behind %i trusted proxies %j is from %s', (trusted, forwarded, address) => {
	expect(clientAddress(asked('192.0.2.1', forwarded), trusted)).toBe(address);
});

test.each([
	['::ffff:192.0.2.1', '192.0.2.1'],
	['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
	['2001:db8:1:2::', '2001:db8:1:2::/64'],
	['2001:0db8:1:0002::9', '2001:db8:1:2::/64'],
	['::1', '0:0:0:0::/64'],
	['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('[P42] %s counts as %s', (address, counted) => {
	expect(clientAddress(asked(address), 0)).toBe(counted);
});
