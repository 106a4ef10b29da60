import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RestActors } from '../../src/rest/ports.ts';
import { seeded } from '../support/seeded.ts';
import { EVENT, seatsOf, TicketWorld } from '../tickets/ticket-world.ts';
import { type Answered, RestServer } from './rest-server.ts';

const OPS = 'root:ops';
const USER = 'ann:user';
const PATH = '/api/v1/ticket-events';
const DRAFT = { id: EVENT, title: 'Concert', opensAt: 1, currency: 'KRW', seats: seatsOf(1) };

let world: TicketWorld;
let rest: RestServer;

beforeEach(async () => {
	world = new TicketWorld();
	rest = new RestServer();
	rest.ports.actors = world.way as RestActors;
	rest.ports.ticketEvents = (query) => world.tickets.tickets.events(query);
	await rest.start();
});
afterEach(() => rest.stop());

const call = (
	method: string,
	path: string,
	{ as = OPS, body }: { as?: string; body?: unknown } = {},
): Promise<Answered> => world.settled(rest.call(method, path, { as, body }));

const draft = (more: object = {}) => ({
	id: EVENT,
	title: 'Concert',
	opensAt: world.runtime.now() + 60_000,
	currency: 'KRW',
	seats: seatsOf(3),
	admission: { mode: 'desk', maxActive: 5 },
	maxPerUser: 2,
	...more,
});

describe('ticket events over REST', () => {
	test('[T1] [T18] an operator makes an event, users see and list it', async () => {
		const made = await call('POST', PATH, { body: draft() });
		expect(made).toMatchObject({
			status: 200,
			body: { id: EVENT, state: 'scheduled', seated: true, capacity: 3, free: 3, maxPerUser: 2 },
		});
		expect(made.text).not.toContain('secret');
		await call('POST', PATH, { body: draft({ id: 'later', opensAt: draft().opensAt + 9_000 }) });
		const seen = await call('GET', `${PATH}/${EVENT}`, { as: USER });
		expect(seen).toMatchObject({ status: 200, body: { id: EVENT, state: 'scheduled' } });
		const first = await call('GET', `${PATH}?state=upcoming&limit=1`, { as: USER });
		expect(first.body).toMatchObject({ events: [{ id: EVENT }] });
		const next = encodeURIComponent(String(first.body.next));
		const second = await call('GET', `${PATH}?state=upcoming&limit=1&after=${next}`, { as: USER });
		expect(second.body).toMatchObject({ events: [{ id: 'later' }] });
		expect(second.body.next).toBeUndefined();
	});

	test('[T17] report, pause, resume, settings and close; each order is noted first', async () => {
		await call('POST', PATH, { body: draft() });
		await world.pass(60_000);
		expect(await call('POST', `${PATH}/${EVENT}/pause`)).toMatchObject({ status: 200, body: {} });
		const paused = await call('GET', `${PATH}/${EVENT}/report`);
		expect(paused.body).toMatchObject({
			...{ state: 'paused', capacity: 3, free: 3, held: 0, paying: 0, sold: 0 },
			...{ waiting: 0, inside: 0, captured: 0, refunded: 0 },
		});
		await call('POST', `${PATH}/${EVENT}/resume`);
		const changed = await call('POST', `${PATH}/${EVENT}/settings`, { body: { title: 'New' } });
		expect(changed.body).toMatchObject({ title: 'New', state: 'open' });
		await call('POST', `${PATH}/${EVENT}/close`);
		const closed = await call('GET', `${PATH}/${EVENT}/report`);
		expect(closed.body.state).toBe('closed');
		const key = `ticket-event/${EVENT}`;
		expect(rest.noted).toEqual([
			`root createEvent ${key}`,
			`root pauseEvent ${key}`,
			`root resumeEvent ${key}`,
			`root changeEvent ${key}`,
			`root closeEvent ${key}`,
		]);
	});

	test('[T11] another service sells stock, each purchase once, and the history agrees', async () => {
		const stock = { seats: undefined, stock: { total: 5, price: 100 }, opensAt: 1 };
		await call('POST', PATH, { body: draft(stock) });
		await world.pass(1_000);
		const as = 'shop:service';
		const body = { purchaseId: 'p1', userId: 'ann', quantity: 2 };
		for (let again = 0; again < 2; again++) {
			const sold = await call('POST', `${PATH}/${EVENT}/reserve`, { as, body });
			expect(sold).toMatchObject({ status: 200, body: {} });
		}
		const tooMany = { ...body, purchaseId: 'p2', quantity: 1 };
		const refused = await call('POST', `${PATH}/${EVENT}/reserve`, { as, body: tooMany });
		expect(refused.body.error.code).toBe('MEMBER_LIMIT');
		const found = await call('GET', `${PATH}/${EVENT}/reconcile`);
		expect(found).toMatchObject({ status: 200, body: { units: 2, missing: [], extra: [] } });
		const purchase = { purchaseId: 'p1' };
		await call('POST', `${PATH}/${EVENT}/unreserve`, { as, body: purchase });
		const { body: report } = await call('GET', `${PATH}/${EVENT}/report`);
		expect(report).toMatchObject({ free: 5, sold: 0 });
	});

	test('[T17] what cannot be noted does not happen', async () => {
		await call('POST', PATH, { body: draft() });
		rest.auditRefused = { ok: false, code: 'UNAVAILABLE' };
		expect((await call('POST', `${PATH}/${EVENT}/close`)).status).toBe(503);
		const { body } = await call('GET', `${PATH}/${EVENT}`);
		expect(body.state).toBe('scheduled');
	});

	test.each([
		['POST', PATH, DRAFT],
		['POST', `${PATH}/${EVENT}/close`, undefined],
		['POST', `${PATH}/${EVENT}/settings`, {}],
		['POST', `${PATH}/${EVENT}/resolve`, { orderId: `${EVENT}:1`, how: 'retry' }],
		['GET', `${PATH}/${EVENT}/report`, undefined],
		['GET', `${PATH}/${EVENT}/reconcile`, undefined],
		['POST', `${PATH}/${EVENT}/reserve`, { purchaseId: 'p', userId: 'ann', quantity: 1 }],
		['POST', `${PATH}/${EVENT}/unreserve`, { purchaseId: 'p' }],
	])('[T17] %s %s is for operators', async (method, path, body) => {
		const answer = await call(method, path, { as: USER, ...(body && { body }) });
		expect(answer).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN' } } });
		expect(rest.noted).toEqual([]);
	});

	test('refusals of the event come by their codes', async () => {
		await call('POST', PATH, { body: draft() });
		const codes = [
			await call('POST', PATH, { body: draft() }),
			await call('GET', `${PATH}/nothing`),
			await call('GET', `${PATH}/nothing/report`),
			await call('POST', PATH, { body: draft({ id: 'x', stock: { total: 1, price: 1 } }) }),
			await call('POST', PATH, { body: draft({ id: 'not an id' }) }),
			await call('GET', `${PATH}?after=rubbish`),
			await call('GET', `${PATH}?limit=1000`),
		].map(({ status, body }) => [status, body.error.code]);
		expect(codes).toEqual([
			[409, 'EXISTS'],
			[404, 'NOT_FOUND'],
			[404, 'NOT_FOUND'],
			[400, 'INVALID'],
			[400, 'INVALID'],
			[400, 'INVALID'],
			[400, 'INVALID'],
		]);
	});

	test('more seats than a request or a map can hold are refused, with what to do about it', async () => {
		const tooLarge = await call('POST', PATH, { body: draft({ title: 'x'.repeat(2 ** 24) }) });
		expect(tooLarge).toMatchObject({ status: 413, body: { error: { code: 'TOO_LARGE' } } });
		expect(tooLarge.body.error.message).toContain('shorten ids');
		const random = seeded(1);
		const word = (length: number) => {
			let id = '';
			while (id.length < length) id += Math.floor(random() * 2 ** 50).toString(36);
			return id.slice(0, length);
		};
		const many = Array.from({ length: 20_000 }, () => ({
			id: word(64),
			grade: word(32),
			price: 1,
		}));
		const tooMuch = await call('POST', PATH, { body: draft({ seats: many }) });
		expect(tooMuch).toMatchObject({ status: 400, body: { error: { code: 'INVALID' } } });
		expect(tooMuch.body.error.message).toMatch(/^seats: .*shorten ids/);
		expect(rest.noted).toEqual([]);
	});

	test('[T1] an event of a stadium fits into one request', async () => {
		const answer = await call('POST', PATH, { body: draft({ seats: seatsOf(30_000) }) });
		expect(answer).toMatchObject({ status: 200, body: { capacity: 30_000 } });
	});
});
