import { afterEach, expect, test } from 'vitest';
import { CLOSE } from '../../src/protocol/errors.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
afterEach(() => world.stop());

const BOARD = { kind: 'board', id: 'a' };

/** Says hello and waits until it is answered or closed. */
async function greeted(userId: string): Promise<{ client: FrameClient; code: number | 'welcome' }> {
	const client = await world.plain();
	client.send(0, OP.hello, { versions: [1], token: userId });
	const welcome = client.next(({ op }) => op === OP.welcome).then(() => 'welcome' as const);
	const code = await Promise.race([welcome, client.closed.then((closed) => closed.code)]);
	return { client, code };
}

async function comesAndGoes(userId: string) {
	const { client, code } = await greeted(userId);
	await client.close();
	return code;
}

test('[P42] a user who keeps coming back is held up after a burst, alone, and not for long', async () => {
	const limits = { connectsPerUserPerSecondMax: 1, connectsPerUserBurstMax: 3 };
	world = await TestGateway.start({ limits });
	for (let n = 0; n < 3; n++) expect(await comesAndGoes('ann')).toBe('welcome');
	const { client, code } = await greeted('ann');
	expect(code).toBe(CLOSE.tooMany.code);
	const payload = { code: 'RATE_LIMITED', retryAfterMs: 1_000 };
	expect(client.frames[0]).toMatchObject({ op: OP.error, payload });
	expect(await comesAndGoes('bob')).toBe('welcome');
	world.clock.advance(1_000);
	expect(await comesAndGoes('ann')).toBe('welcome');
});

test('[P42] an address is held up after a burst, others are not', async () => {
	const limits = { connectsPerAddressPerSecondMax: 2, connectsPerAddressBurstMax: 3 };
	const addressOf = ({ headers }: { headers: object }) =>
		(headers as Record<string, string>)['x-from'] ?? '';
	world = await TestGateway.start({ limits, addressOf });
	const codes = async (from: string, count: number) => {
		const found: (number | undefined)[] = [];
		for (let n = 0; n < count; n++) {
			const client = await world.plain({ headers: { 'x-from': from } });
			client.send(0, OP.hello, { versions: [1], token: 'ann' });
			const welcome = client.next(({ op }) => op === OP.welcome).then(() => undefined);
			found.push(await Promise.race([welcome, client.closed.then(({ code }) => code)]));
			await client.close();
		}
		return found;
	};
	const refused = CLOSE.tooMany.code;
	expect(await codes('one', 4)).toEqual([undefined, undefined, undefined, refused]);
	expect(await codes('other', 1)).toEqual([undefined]);
	world.clock.advance(500);
	expect(await codes('one', 2)).toEqual([undefined, refused]);
});

test('[P42] [W29] what a user may send is one allowance over all sockets, and costs none of them', async () => {
	const limits = { userFramesPerSecondMax: 10, userFramesBurstMax: 20 };
	world = await TestGateway.start({ limits });
	world.actors.create('board/a');
	const [one, two, other] = [
		await world.connect('ann'),
		await world.connect('ann'),
		await world.connect('bob'),
	];
	for (const client of [one, two, other]) await client.open(1, BOARD);
	const codes = async (client: FrameClient, from: number, count: number) => {
		const asked = Array.from({ length: count }, (_, n) => client.command(1, from + n, 'list', {}));
		const replies = await Promise.all(asked);
		return replies.map(([, , refusal]) => refusal?.code ?? 'ok');
	};
	expect(await codes(one, 1, 9)).toEqual(Array(9).fill('ok'));
	expect(await codes(two, 1, 12)).toEqual([
		...Array(9).fill('ok'),
		...Array(3).fill('RATE_LIMITED'),
	]);
	expect(await codes(one, 10, 1)).toEqual(['RATE_LIMITED']);
	expect(await codes(other, 1, 5)).toEqual(Array(5).fill('ok'));
	await one.settled();
	world.clock.advance(1_000);
	expect(await codes(one, 10, 9)).toEqual(Array(9).fill('ok'));
	expect(two.socket.readyState).toBe(two.socket.OPEN);
});
