import { afterEach, expect, test } from 'vitest';
import { rest, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

test('[T9] [T11] a node tells what somebody has to look at in its sales', async () => {
	const { url } = await world.server();
	const { body } = await rest(url, '/metrics');
	expect(String(body)).toMatch(/^naru_ticket_sales_differing 0$/m);
	expect(String(body)).toMatch(/^naru_ticket_payments_stuck 0$/m);
});

test('[T17] a node tells how its waiting rooms are', async () => {
	const { url } = await world.server();
	const { body } = await rest(url, '/metrics');
	for (const name of ['waiting_handles', 'arrivals_pending', 'batch_age_seconds', 'ticks_total']) {
		expect(String(body)).toMatch(new RegExp(`^naru_ticket_${name} 0$`, 'm'));
	}
});
