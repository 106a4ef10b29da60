import { afterEach, expect, onTestFinished, test } from 'vitest';
import type { Standing, TicketEvent } from '../../client-sdk/src/index.ts';
import type { TicketReport } from '../../src/protocol/ticket-event.ts';
import { startPaymentSimulator } from '../../src/simulators/payment/server.ts';
import { FrameClient } from '../support/frame-client.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { RawBuyer, seatsOf } from '../support/ticket-box.ts';
import { socketUrl, until } from '../support/world.ts';
import { ClusterNodes } from './cluster-nodes.ts';

const EVENT = 'concert';

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

/** Two nodes that sell six seats, to so many users at a time. */
class Hall {
	readonly nodes: ClusterNodes;
	readonly payment: string;

	private constructor(nodes: ClusterNodes, payment: string) {
		this.nodes = nodes;
		this.payment = payment;
	}

	static async open(maxActive: number): Promise<Hall> {
		const simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1' });
		onTestFinished(() => simulator.close());
		cluster = await ClusterNodes.start(2, { env: { PAYMENT_URL: simulator.url } });
		const hall = new Hall(cluster, simulator.url);
		await hall.nodes.tickets(hall.node(0), '', {
			...{ id: EVENT, title: 'Concert', opensAt: Date.now(), currency: 'KRW' },
			...{ seats: seatsOf(6), admission: { mode: 'desk', maxActive } },
		});
		return hall;
	}

	node(at: number): NaruProcess {
		return this.nodes.nodes[at] as NaruProcess;
	}

	report(): Promise<TicketReport> {
		return this.nodes.tickets(this.node(0), `/${EVENT}/report`);
	}

	async behave(changes: object): Promise<void> {
		await fetch(`${this.payment}/control`, { method: 'POST', body: JSON.stringify(changes) });
	}

	/** A device of the user at that node alone. */
	device(userId: string, at: number): { event: TicketEvent; close(): Promise<void> } {
		const naru = this.nodes.client(userId, this.node(at));
		const event = naru.ticketEvent(EVENT);
		event.on('me', () => {});
		return { event, close: () => naru.close() };
	}

	/** A device without the SDK's care. */
	async raw(userId: string, at: number): Promise<RawBuyer> {
		const token = await this.nodes.token(userId);
		const client = await FrameClient.connect(socketUrl(this.node(at).url), token);
		onTestFinished(() => client.socket.terminate());
		await client.open(1, { kind: 'ticket-lobby', id: EVENT, args: {} });
		return new RawBuyer(client);
	}
}

/** What has to be the same wherever it is looked at. */
const essence = (me: Standing | undefined) =>
	me && {
		phase: me.phase,
		place: me.place,
		deadline: me.deadline,
		held: { seats: [...me.held.seats].sort(), quantity: me.held.quantity },
		order: me.order,
		isAdmitted: me.admission !== undefined,
		ended: me.ended,
	};

/** Both devices come to see it, and a page that is loaded anew at either node sees the same. */
async function agree(hall: Hall, devices: readonly TicketEvent[], expected: object) {
	const [first] = devices;
	const isSeen = ({ me }: TicketEvent) => {
		try {
			expect(me).toMatchObject(expected);
			expect(essence(me)).toEqual(essence(first?.me));
			return true;
		} catch {
			return false;
		}
	};
	await until(() => devices.every(isSeen));
	for (const at of [0, 1]) {
		const page = hall.device('zoe', at);
		expect(essence(await page.event.open())).toEqual(essence(first?.me));
		await page.close();
	}
}

test('[T2] [T14] two devices at two nodes see the same in every phase, and so does a reload', async () => {
	const hall = await Hall.open(1);
	const ann = hall.device('ann', 0);
	await ann.event.enter();
	await ann.event.admitted();
	const [{ event: phone }, { event: laptop }] = [hall.device('zoe', 0), hall.device('zoe', 1)];
	const both = [phone, laptop];
	await agree(hall, both, { phase: 'before' });

	// The other device takes over the place of the first one, and is no second user.
	expect(await phone.enter()).toMatchObject({ phase: 'waiting', place: 0 });
	expect(await laptop.enter()).toMatchObject({ phase: 'waiting', place: 0 });
	await agree(hall, both, { phase: 'waiting', place: 0 });
	expect(await hall.report()).toMatchObject({ waiting: 1, inside: 1, arrived: 2 });

	await ann.event.leave();
	await Promise.all(both.map((event) => event.admitted()));
	await agree(hall, both, { phase: 'inside', held: { seats: [] } });
	expect(await hall.report()).toMatchObject({ waiting: 0, inside: 1 });

	await phone.hold({ seats: ['A-1'] });
	await agree(hall, both, { phase: 'inside', held: { seats: ['A-1'], quantity: 1 } });
	await Promise.all([laptop.hold({ seats: ['A-2'] }), phone.hold({ seats: ['A-3'] })]);
	await agree(hall, both, { phase: 'inside', held: { quantity: 3 } });
	await laptop.release({ seats: ['A-3'] });
	await agree(hall, both, { phase: 'inside', held: { seats: ['A-1', 'A-2'] } });
	for (const event of both) {
		await until(() => event.seats.map(({ state }) => state.charAt(0)).join('') === 'hhffff');
	}

	const order = await laptop.checkout();
	await agree(hall, both, { phase: 'paying', order: { id: order.id, status: 'paying' } });
	await phone.pay(order.id, { methodToken: 'tok-declined' });
	await agree(hall, both, { phase: 'paying', order: { status: 'declined' } });

	// Charged, but the answer is lost: in doubt on both, never failed.
	await hall.behave({ lostAnswerRate: 1 });
	await laptop.pay(order.id, { methodToken: 'tok-card' });
	await agree(hall, both, { phase: 'paying', order: { status: 'resolving' } });
	await hall.behave({ lostAnswerRate: 0 });
	await agree(hall, both, { phase: 'done', order: { id: order.id, status: 'paid' } });
	expect(await hall.report()).toMatchObject({ sold: 2, captured: 2_000, inside: 0 });
}, 120_000);

test('[T2] who is away with all devices when the turn comes takes it on any of them', async () => {
	const hall = await Hall.open(1);
	const ann = hall.device('ann', 0);
	await ann.event.enter();
	await ann.event.admitted();
	const phone = hall.device('zoe', 0);
	await phone.event.enter();
	await phone.close();
	await ann.event.leave();
	await until(async () => (await hall.report()).turned === 2);
	const laptop = hall.device('zoe', 1);
	expect(await laptop.event.admitted()).toMatchObject({ phase: 'inside' });
	await agree(hall, [laptop.event], { phase: 'inside' });

	// Given up on one, it is given up on the other.
	const again = hall.device('zoe', 0);
	await again.event.open();
	await again.event.leave();
	await agree(hall, [laptop.event, again.event], { phase: 'before', ended: 'left' });
	expect(await hall.report()).toMatchObject({ inside: 0, waiting: 0, free: 6 });
});

test('[T5] a proof is good at every node, for its user, and for one visit', async () => {
	const hall = await Hall.open(2);
	const phone = await (await hall.raw('zoe', 0)).inside();
	const laptop = await hall.raw('zoe', 1);
	laptop.admission = phone.admission;
	expect(await laptop.hold({ seats: ['A-1'] })).toMatchObject({ held: { seats: ['A-1'] } });
	const eves = await Promise.all([0, 1].map((at) => hall.raw('eve', at)));
	for (const eve of eves) {
		eve.admission = phone.admission;
		expect(await eve.hold({ seats: ['A-2'] })).toBe('NOT_ADMITTED');
		expect(await eve.checkout()).toBe('NOT_ADMITTED');
	}
	const said = await Promise.all([phone.checkout(), laptop.checkout()]);
	expect(said.filter((one) => one === 'EXPIRED')).toHaveLength(1);
	for (const device of [phone, laptop]) {
		expect(await device.hold({ seats: ['A-2'] })).toBe('EXPIRED');
		await device.reach('paying');
	}
	const order = phone.me?.order?.id ?? '';
	const pays = await Promise.all([phone.pay(order), laptop.pay(order, 'tok-other')]);
	expect(pays.filter((one) => one === 'CONFLICT')).toHaveLength(1);
	for (const device of [phone, laptop]) await device.reach('done');
	const ledger = (await (await fetch(`${hall.payment}/ledger`)).json()) as { captured: number }[];
	expect(ledger.reduce((sum, { captured }) => sum + captured, 0)).toBe(1_000);
	expect(await hall.report()).toMatchObject({ sold: 1, held: 0, paying: 0, captured: 1_000 });
});
