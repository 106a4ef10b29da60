import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RestServer } from './rest-server.ts';

const rates = { perUserMax: 1, perAddressMax: 3, perServiceMax: 10 };
/** What a second allows is allowed ten times at once. */
const [USER, ADDRESS, SERVICE] = [10, 30, 100];

let rest: RestServer;
beforeEach(async () => {
	rest = await new RestServer().start({ rates, trustedProxies: 1 });
});
afterEach(() => rest.stop());

const from = (address: string) => ({ 'x-forwarded-for': address });

/** The status of so many calls. */
async function statuses(count: number, as?: string, address = '192.0.2.1'): Promise<number[]> {
	const found = new Set<number>();
	for (let n = 0; n < count; n++) {
		const headers = from(address);
		const call = { headers, ...(as === undefined ? {} : { as }) };
		found.add((await rest.call('GET', '/api/v1/channels', call)).status);
	}
	return [...found];
}

describe('rate limits', () => {
	test('[P42] a user beyond it gets 429, a typed body and when to come again', async () => {
		expect(await statuses(USER, 'ann:user')).toEqual([200]);
		const refused = await rest.call('GET', '/api/v1/channels', {
			as: 'ann:user',
			headers: from('192.0.2.99'),
		});
		expect(refused.status).toBe(429);
		expect(refused.headers.get('retry-after')).toBe('1');
		expect(refused.body.error).toEqual({
			code: 'RATE_LIMITED',
			message: 'too many requests',
			retryAfterMs: 1_000,
		});
		expect(rest.errors).toEqual(['errors RATE_LIMITED']);
		expect(await statuses(1, 'bob:user')).toEqual([200]);
		rest.clock.advance(1_000);
		expect(await statuses(1, 'ann:user')).toEqual([200]);
		expect(await statuses(1, 'ann:user')).toEqual([429]);
	});

	test('[P42] an address beyond it gets 429, whatever users and tokens it shows', async () => {
		for (let n = 0; n < ADDRESS / USER; n++) {
			expect(await statuses(USER, `user${n}:user`)).toEqual([200]);
		}
		expect(await statuses(1, 'another:user')).toEqual([429]);
		expect(await statuses(1, 'forged')).toEqual([429]);
		expect(await statuses(1, 'another:user', '192.0.2.2')).toEqual([200]);
	});

	test('[P42] tokens that are no good, and none at all, count for the address', async () => {
		expect(await statuses(ADDRESS / 2, 'forged')).toEqual([401]);
		expect(await statuses(ADDRESS / 2)).toEqual([401]);
		expect(await statuses(1, 'ann:user')).toEqual([429]);
	});

	test('[P42] services and operators have a higher limit, and are not held up by their neighbours', async () => {
		await statuses(ADDRESS + 5, 'forged');
		expect(await statuses(ADDRESS, 'backend:service')).toEqual([200]);
		const left = SERVICE - (ADDRESS + 5) - ADDRESS;
		expect(await statuses(left, 'backend:ops')).toEqual([200]);
		const [refused] = await statuses(1, 'backend:ops');
		expect(refused, 'an address as a whole has one too').toBe(429);
		expect(await statuses(1, 'backend:ops', '192.0.2.2')).toEqual([200]);
	});

	test('[P41] [P42] health, readiness and metrics are never limited', async () => {
		await statuses(SERVICE + 10, 'ann:user');
		for (const path of ['/healthz', '/readyz', '/metrics']) {
			for (let n = 0; n < ADDRESS + 5; n++) {
				expect((await rest.call('GET', path, { headers: from('192.0.2.1') })).status).toBe(200);
			}
		}
	});
});
