import { describe, expect, test } from 'vitest';
import { onlineScene, outcome, type Scene, type Sdk, scene } from './support/sdk.ts';

function counted() {
	let asked = 0;
	const token = () => `ann-${++asked}`;
	return { token, asked: () => asked };
}

const verify = (token: string) => ({ userId: token.split('-')[0] ?? '' });

function tokens(sdk: Sdk): void {
	test('a token function is asked once, not at each reconnect', async () => {
		const { token, asked } = counted();
		const made = scene(sdk, { token });
		made.server.verify = verify;
		await made.world.advance(20);
		made.server.last.socket.cut();
		await made.world.advance(1_000);
		expect(made.naru.status).toBe('online');
		expect(asked()).toBe(1);
	});

	test('a fresh token is given on the same socket, and handles stay open', async () => {
		const { token } = counted();
		const made = scene(sdk, { token });
		made.server.verify = verify;
		made.server.made('general', 'ann');
		await made.world.advance(20);
		await Promise.all([made.naru.channel('general').open(), made.world.advance(10)]);
		made.server.last.error({ code: 'UNAUTHORIZED', renew: true });
		await made.world.advance(10);
		expect(made.server.last.hello?.token).toBe('ann-2');
		expect(made.server.opens()).toHaveLength(1);
		expect(made.naru.stats.sockets).toBe(1);
	});

	test('a token known to be used up is not sent', async () => {
		const { token } = counted();
		const made = scene(sdk, { token });
		made.server.verify = () => ({ userId: 'ann', expiresAt: made.world.now + 60_000 });
		await made.world.advance(20);
		await made.world.advance(90_000);
		made.server.last.socket.cut();
		await made.world.advance(1_000);
		expect(made.server.last.hello?.token).toBe('ann-2');
	});

	test('a token function that fails is asked again later', async () => {
		let fails = 3;
		const made = scene(sdk, {
			token: () => {
				if (fails-- > 0) throw new Error('the sign-in server is away');
				return 'ann';
			},
		});
		await made.world.advance(10_000);
		expect(made.naru.status).toBe('online');
	});

	test('a token of another user ends the client', async () => {
		const { token } = counted();
		const made = scene(sdk, { token });
		await made.world.advance(20);
		made.server.last.close('expired');
		await made.world.advance(1_000);
		expect(made.naru.status).toBe('closed');
	});
}

function refusedTokens(sdk: Sdk): void {
	/** The longest back-off that chance gives. */
	const unlucky = ({ world }: Scene) => {
		world.randoms = Array.from({ length: 50 }, () => 0.999);
	};

	test.each(['unauthorized', 'expired'] as const)(
		'closed as %s, a fresh token is tried at once, the first time',
		async (name) => {
			const { token } = counted();
			const made = scene(sdk, { token });
			made.server.verify = verify;
			await made.world.advance(20);
			unlucky(made);
			made.server.last.close(name);
			await made.world.advance(10);
			expect(made.naru.status).toBe('online');
			expect(made.server.last.hello?.token).toBe('ann-2');
		},
	);

	test('after a while online, the next refusal is a first one again', async () => {
		const { token } = counted();
		const made = scene(sdk, { token });
		made.server.verify = verify;
		await made.world.advance(20);
		for (const fresh of ['ann-2', 'ann-3']) {
			unlucky(made);
			made.server.last.close('expired');
			await made.world.advance(10);
			expect(made.server.last.hello?.token).toBe(fresh);
			await made.world.advance(11_000);
		}
	});

	test('a token that stays used up is tried again with back-off, never in a hot loop', async () => {
		const { token, asked } = counted();
		const made = scene(sdk, { token });
		made.server.verify = () => ({ close: 'expired' });
		unlucky(made);
		await made.world.advance(200);
		expect(asked()).toBe(2);
		await made.world.advance(60_000);
		expect(made.naru.status).toBe('reconnecting');
		expect(asked()).toBeLessThan(12);
	});

	test('a token that is welcomed and refused again and again makes no hot loop either', async () => {
		const { token } = counted();
		const made = scene(sdk, { token });
		made.server.verify = verify;
		unlucky(made);
		made.server.afterFrame = (direction, connection) => {
			if (direction === 'down') made.world.setTimeout(() => connection.close('expired'), 5);
		};
		await made.world.advance(60_000);
		expect(made.naru.stats.sockets).toBeLessThan(12);
	});

	test('a fresh token that is not valid either ends the client', async () => {
		const { token, asked } = counted();
		const made = scene(sdk, { token });
		made.server.verify = () => ({ close: 'unauthorized', error: { code: 'UNAUTHORIZED' } });
		const opened = outcome(made.naru.channel('general').open());
		await made.world.advance(5_000);
		expect(made.naru.status).toBe('closed');
		expect(asked()).toBe(2);
		expect(opened.error?.code).toBe('UNAUTHORIZED');
	});

	test('a token that is no function is not tried twice', async () => {
		const made = await onlineScene(sdk);
		made.server.last.close('unauthorized');
		await made.world.advance(5_000);
		expect(made.naru.status).toBe('closed');
		expect(made.naru.stats.sockets).toBe(1);
	});

	test("a server's retry-after is honoured before the fresh token", async () => {
		const { token } = counted();
		const made = scene(sdk, { token });
		made.server.verify = verify;
		await made.world.advance(20);
		made.server.last.error({ code: 'UNAUTHORIZED', retryAfterMs: 3_000 });
		made.server.last.close('expired');
		await made.world.advance(2_900);
		expect(made.naru.stats.sockets).toBe(1);
		await made.world.advance(1_700);
		expect(made.naru.status).toBe('online');
	});

	test('a function that has no token for now is asked again later, and nothing is sent', async () => {
		const tokens = ['', undefined as unknown as string, 'ann'];
		const made = scene(sdk, { token: () => tokens.shift() ?? '' });
		await made.world.advance(10_000);
		expect(made.server.connections.map(({ hello }) => hello?.token)).toEqual(['ann']);
	});
}

/** Where a client's tokens come from, and what it does when they are used up. */
export function tokenSuite(sdk: Sdk): void {
	describe(`tokens (${sdk.name})`, () => {
		tokens(sdk);
		refusedTokens(sdk);
	});
}
