import { decodeJwt, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { runTokenCommand } from '../../../src/gateway/auth/token-command.ts';

const SECRET = 'a secret for tests only, of 40 characters';

async function run(...args: string[]) {
	const printed: string[] = [];
	const complaints: string[] = [];
	const code = await runTokenCommand(args, {
		secret: async () => SECRET,
		print: (line) => printed.push(line),
		complain: (line) => complaints.push(line),
	});
	return { code, printed, complaints };
}

describe('npm run token', () => {
	test('[P42] prints one token, signed with the secret', async () => {
		const { code, printed, complaints } = await run('ann', '--roles', 'user,ops', '--name', 'Ann');
		expect([code, printed.length, complaints]).toEqual([0, 1, []]);
		const { payload } = await jwtVerify(printed[0] ?? '', new TextEncoder().encode(SECRET));
		expect(payload).toMatchObject({ sub: 'ann', roles: ['user', 'ops'], name: 'Ann' });
		expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3_600);
	});

	test('takes a time to live, and gives the role of a user', async () => {
		const { printed } = await run('--ttl', '60', 'ann');
		const { roles, exp = 0, iat = 0 } = decodeJwt(printed[0] ?? '');
		expect([roles, exp - iat]).toEqual([['user'], 60]);
	});

	test.each([
		[[], /name one user/],
		[['ann', 'bob'], /name one user/],
		[['an/n'], /user id/],
		[['ann', '--roles', 'root'], /roles are user, ops, service/],
		[['ann', '--ttl', 'x'], /a token lives for/],
		[['ann', '--ttl', '0'], /a token lives for/],
		[['ann', '--ttl', '99999999'], /a token lives for/],
		[['ann', '--what'], /--what/],
	])('%j prints what to do, and no token', async (args, message) => {
		const { code, printed, complaints } = await run(...args);
		expect([code, printed]).toEqual([1, []]);
		expect(complaints[0]).toMatch(message);
		expect(complaints[1]).toMatch(/^usage: npm run token/);
	});
});
