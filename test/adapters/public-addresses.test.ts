import { expect, test } from 'vitest';
import { mayReach } from '../../src/adapters/http/public-addresses.ts';

const familyOf = (address: string) => (address.includes(':') ? 6 : 4);

test.each([
	['127.0.0.1', 'this machine'],
	['::1', 'this machine'],
	['::ffff:127.0.0.1', 'this machine in other clothes'],
	['0.0.0.0', 'this machine as well'],
	['10.1.2.3', 'a private network'],
	['172.31.255.255', 'a private network'],
	['192.168.0.1', 'a private network'],
	['100.64.0.1', 'the network of a provider'],
	['fd12:3456::1', 'a private network'],
	['64:ff9b::a00:1', 'a private network behind a translator'],
	['169.254.169.254', 'the metadata of a cloud'],
	['::ffff:169.254.169.254', 'the metadata of a cloud'],
	['fd00:ec2::254', 'the metadata of a cloud'],
	['fe80::1', 'a link'],
	['224.0.0.1', 'many'],
])('[I11] %s is not public: %s', (address) => {
	expect(mayReach(address, familyOf(address), 'public')).toBe(false);
});

test.each(['93.184.216.34', '172.32.0.1', '2606:2800:220:1::1'])(
	'[I11] %s is public',
	(address) => {
		expect(mayReach(address, familyOf(address), 'public')).toBe(true);
	},
);

test('[I11] over leased lines private networks are reached, and links never', () => {
	expect(mayReach('10.1.2.3', 4, 'any')).toBe(true);
	expect(mayReach('169.254.169.254', 4, 'any')).toBe(false);
	expect(mayReach('::ffff:169.254.169.254', 6, 'any')).toBe(false);
});
