import { describe, expect, test } from 'vitest';
import { ARRIVALS_MAX } from '../../src/protocol/ticket-event.ts';
import { UserBatches, type UserBatchesOptions } from '../../src/tickets/user-batches.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

type Sent = Awaited<ReturnType<UserBatchesOptions<string>['send']>>;

/** Batches whose answers the test gives, with what was sent. */
function bench(waitingMax = 20_000) {
	const runtime = new VirtualRuntime();
	const sent: (readonly string[])[] = [];
	const answers: ((answer: Sent) => void)[] = [];
	const batches = new UserBatches<string>({
		runtime,
		windowMs: 50,
		waitingMax,
		send: (users) => {
			sent.push(users);
			return new Promise((resolve) => answers.push(resolve));
		},
	});
	/** Answers the oldest unanswered batch. */
	const answer = async (with_?: Sent) => {
		const users = sent[sent.length - answers.length] ?? [];
		answers.shift()?.(with_ ?? { ok: true, values: users.map((userId) => `to ${userId}`) });
		await runtime.advance(0);
	};
	return { runtime, sent, batches, answer };
}

describe('[T15] batches of users', () => {
	test('what is asked within the window is one command, answered each for themselves', async () => {
		const { runtime, sent, batches, answer } = bench();
		const asked = ['b', 'a', 'c'].map((userId) => batches.ask(userId));
		await runtime.advance(49);
		expect(sent).toEqual([]);
		await runtime.advance(1);
		await answer();
		expect(sent).toEqual([['b', 'a', 'c']]);
		expect(await Promise.all(asked)).toEqual(
			['b', 'a', 'c'].map((userId) => ({ ok: true, value: `to ${userId}` })),
		);
	});

	test('who asks again shares the answer, before and after it is sent', async () => {
		const { runtime, sent, batches, answer } = bench();
		const first = batches.ask('ann');
		expect(batches.ask('ann')).toBe(first);
		await runtime.advance(50);
		expect(batches.ask('ann')).toBe(first);
		await answer();
		await runtime.advance(1_000);
		expect(sent).toEqual([['ann']]);
		expect(batches.ask('ann')).not.toBe(first);
	});

	test('one batch at a time, none larger than the actor takes', async () => {
		const { runtime, sent, batches, answer } = bench();
		for (let at = 0; at < ARRIVALS_MAX + 10; at++) void batches.ask(`u${at}`);
		expect(sent.map(({ length }) => length)).toEqual([ARRIVALS_MAX]);
		await runtime.advance(1_000);
		expect(sent).toHaveLength(1);
		await answer();
		await runtime.advance(50);
		expect(sent.map(({ length }) => length)).toEqual([ARRIVALS_MAX, 10]);
	});

	test('a batch that is refused for now goes again before any other', async () => {
		const { runtime, sent, batches, answer } = bench();
		const ann = batches.ask('ann');
		await runtime.advance(50);
		const bob = batches.ask('bob');
		await answer({ ok: false, code: 'MOVED' });
		await runtime.advance(100);
		await answer({ ok: false, code: 'BUSY', retryAfterMs: 700 });
		await runtime.advance(699);
		expect(sent).toEqual([['ann'], ['ann']]);
		await runtime.advance(1);
		await answer();
		await runtime.advance(50);
		await answer();
		expect(sent).toEqual([['ann'], ['ann'], ['ann'], ['bob']]);
		expect([await ann, await bob]).toEqual([
			{ ok: true, value: 'to ann' },
			{ ok: true, value: 'to bob' },
		]);
	});

	test('a final refusal is everybody’s answer, and so is one that does not end', async () => {
		const { runtime, sent, batches, answer } = bench();
		const ann = batches.ask('ann');
		await runtime.advance(50);
		await answer({ ok: false, code: 'NOT_FOUND' });
		expect(await ann).toEqual({ ok: false, code: 'NOT_FOUND' });
		const bob = batches.ask('bob');
		await runtime.advance(50);
		for (let attempt = 0; attempt < 10; attempt++) {
			await answer({ ok: false, code: 'UNAVAILABLE' });
			await runtime.advance(2_000);
		}
		expect(await bob).toEqual({ ok: false, code: 'UNAVAILABLE' });
		expect(sent).toHaveLength(11);
	});

	test('beyond its bound it refuses, and a close answers all that wait', async () => {
		const { runtime, batches } = bench(2);
		const waiting = [batches.ask('a')];
		await runtime.advance(50);
		waiting.push(batches.ask('b'), batches.ask('c'));
		expect(await batches.ask('d')).toMatchObject({ ok: false, code: 'BUSY' });
		batches.close();
		const codes = (await Promise.all(waiting)).map((one) => (one.ok ? 'OK' : one.code));
		expect(codes).toEqual(['MOVED', 'MOVED', 'MOVED']);
		expect(await batches.ask('e')).toMatchObject({ ok: false, code: 'BUSY' });
	});
});
