import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Order } from '../../src/protocol/ticket-event.ts';
import { startPaymentSimulator } from '../../src/simulators/payment/server.ts';
import { seatsOf, TicketBox } from '../support/ticket-box.ts';
import { devToken, rest, until, World } from '../support/world.ts';

const TOKEN = 'tok-that-nobody-shall-find-again';

const world = new World();
afterEach(() => world.end());

test('[T9] tokens of methods are in no file and no line of the log any more when the payments are over', async () => {
	const payments = await startPaymentSimulator({ port: 0, host: '127.0.0.1' });
	world.later(() => payments.close());
	const directory = world.directory();
	const server = await world.process({
		directory,
		env: { PAYMENT_URL: payments.url, LOG_LEVEL: 'trace' },
	});
	const found = () =>
		readdirSync(directory).filter((file) => readFileSync(join(directory, file)).includes(TOKEN));
	const place = { url: server.url, payment: payments.url, event: 'concert' };
	const box = await TicketBox.at(world, place, { seats: seatsOf(4) });
	const [ann, bob, cy] = await Promise.all(['ann', 'bob', 'cy'].map((name) => box.buyer(name)));
	if (!ann || !bob || !cy) throw new Error('three buyers');
	const orders: Order[] = [];
	for (const [at, buyer] of [ann, bob, cy].entries()) {
		await buyer.inside();
		await buyer.hold({ seats: [`A-${at + 1}`] });
		orders.push((await buyer.checkout()) as Order);
	}
	const [one, two, three] = orders as [Order, Order, Order];
	await ann.pay(one.id, `${TOKEN}-1`);
	await ann.reach('done');
	await box.behave({ declineRate: 1 });
	await bob.pay(two.id, `${TOKEN}-2`);
	await until(async () => (await bob.reach('paying')).order?.status === 'declined');
	await box.behave({ declineRate: 0, latencyMs: [60_000, 60_000] });
	await cy.pay(three.id, `${TOKEN}-3`);
	// It is searched for where it can be found.
	expect(found()).not.toEqual([]);
	await box.behave({ latencyMs: [0, 0] });
	await cy.ask('leave');
	const token = await devToken(server.url, { userId: 'root', roles: ['ops'] });
	await until(async () => {
		const { body } = await rest(server.url, '/api/v1/ops/actors/ticket-event/concert', { token });
		const { methodsToForget } = (body as { state: { methodsToForget?: number } }).state;
		return methodsToForget === 0;
	});
	await server.terminate();
	expect(found()).toEqual([]);
	expect(`${server.output}${server.errors}`).not.toContain(TOKEN);
});
