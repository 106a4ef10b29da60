import { expect, test } from 'vitest';
import type { ActorPort, CommandAnswer } from '../../src/core/actor-port.ts';
import { notedOrders } from '../../src/ops/noted-orders.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';

type Refused = Extract<CommandAnswer, { ok: false }>;
const OPS = { userId: 'root', roles: ['user', 'ops'] };

/** What happened, in order. */
function world(refused?: Refused) {
	const happened: string[] = [];
	const actors = {
		command: (
			key: ActorKey,
			{ name }: { name: string },
			answer: (answer: CommandAnswer) => void,
		) => {
			happened.push(`${key} ${name}`);
			answer({ ok: true, reply: {} });
		},
	} as unknown as ActorPort;
	const noted = notedOrders(actors, {
		note: async ({ userId }, what, target) => {
			happened.push(`${userId}: ${what} ${target}`);
			return refused;
		},
	});
	const order = (key: string, name: string, caller = OPS) =>
		new Promise<CommandAnswer>((resolve) =>
			noted.command(key as ActorKey, { caller, name, args: {} }, resolve),
		);
	return { happened, order };
}

test.each([
	['institution/bank-a', 'circuit', 'setCircuit'],
	['institution/bank-a', 'rate', 'setRate'],
	['institution/bank-a', 'route', 'setRoute'],
	['refresh-plan/bank-a', 'pause', 'pauseRefresh'],
	['refresh-plan/bank-a', 'rate', 'setRefreshRate'],
	['ticket-event/gala', 'pause', 'pauseEvent'],
	['ticket-event/gala', 'refund', 'refundOrder'],
])('[I15] an order over a socket is noted before it happens: %s %s', async (key, name, deed) => {
	const { happened, order } = world();
	await order(key, name);
	expect(happened).toEqual([`root: ${deed} ${key}`, `${key} ${name}`]);
});

test('[I15] what cannot be noted does not happen', async () => {
	const { happened, order } = world({ ok: false, code: 'UNAVAILABLE' });
	expect(await order('institution/bank-a', 'circuit')).toMatchObject({ code: 'UNAVAILABLE' });
	expect(happened).toEqual(['root: setCircuit institution/bank-a']);
});

test('all else passes at once, and others than operators are for the actor to refuse', async () => {
	const { happened, order } = world();
	await order('institution/bank-a', 'board');
	await order('channel/lobby', 'rate');
	await order('institution/bank-a', 'circuit', { userId: 'ann', roles: ['user'] });
	expect(happened).toEqual([
		'institution/bank-a board',
		'channel/lobby rate',
		'institution/bank-a circuit',
	]);
});
