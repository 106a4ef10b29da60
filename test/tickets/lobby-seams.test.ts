import { describe, expect, test } from 'vitest';
import type { TicketMe } from '../../src/protocol/ticket-event.ts';
import { seatsOf, TicketWorld } from './ticket-world.ts';

const DESK = { mode: 'desk', maxActive: 1 } as const;

describe('between lobby and actor', () => {
	test('[T2] leaving right behind entering leaves: it does not overtake the gathered arrival', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		const bob = await world.enterPage('bob');
		await ann.ask('enter');
		const [, left] = await Promise.all([bob.ask('enter'), bob.run('leave')]);
		expect(left).toMatchObject({ ok: true });
		expect(await bob.ask('place')).toMatchObject({ phase: 'before', ended: 'left' });
		await world.pass(1_000);
		expect(bob.me).toMatchObject({ phase: 'before', ended: 'left' });
	});

	test('[T2] whoever is here does not lose a turn to an owner that is busy for long', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		let refusals = 12;
		world.way.intercept = (name) =>
			name === 'claim' && refusals-- > 0 ? { ok: false, code: 'BUSY' } : undefined;
		await ann.ask('enter');
		for (let second = 0; second < 45; second++) await world.pass(1_000);
		expect(ann.me).toMatchObject({ phase: 'inside' });
		expect(refusals).toBe(-1);
	});

	test('[T6] a hold that is sent again answers with what is held now, not with what was then', async () => {
		const world = await TicketWorld.with({ admission: DESK, seats: seatsOf(4) });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		await ann.ask('enter');
		await world.until(() => ann.me?.phase === 'inside');
		const admission = ann.me?.admission;
		const first = { seats: ['s1'], admission };
		await ann.run('hold', first, { requestId: 'r1' });
		await ann.run('hold', { seats: ['s2'], admission }, { requestId: 'r2' });
		const again = await ann.run('hold', first, { requestId: 'r1', resend: true });
		expect(again).toMatchObject({ ok: true, reply: { held: { seats: ['s1', 's2'] } } });
		await ann.ask('leave');
		const late = await ann.run('hold', first, { requestId: 'r1', resend: true });
		expect((late as { reply: TicketMe }).reply.phase).toBe('before');
	});

	test('[T15] more commits than can be kept before the answer: asked for again, and nothing is told twice', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		const { way } = world;
		const { open } = way;
		way.open = (key, request, answer) => {
			way.open = open;
			open.call(way, key, request, (answered) => {
				for (let commit = 0; commit < 20_000; commit++) {
					request.subscriber.committed({ position: 1_000 + commit, writer: 'w', told: [] });
				}
				answer(answered);
			});
		};
		const ann = await world.enterPage('ann');
		await world.pass(3_000);
		expect(way.listening).toBe(1);
		ann.told.length = 0;
		await world.ops('settings', { title: 'New' });
		await world.pass(100);
		expect(ann.of('info')).toMatchObject([{ title: 'New' }]);
		ann.close();
		expect(way.listening).toBe(0);
	});
});
