import { describe, expect, test } from 'vitest';
import { SILENT } from '../../src/core/log.ts';
import { CallWindow } from '../../src/institutions/call-window.ts';
import { Permissions } from '../../src/institutions/permit-gate.ts';
import type { PermitRequest, Permits } from '../../src/protocol/institution-nodes.ts';
import { seeded } from '../support/seeded.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

/** Whether any interval holds more than it may. */
function mostIn(times: readonly number[], intervalMs: number): number {
	let from = 0;
	let most = 0;
	for (const [index, at] of times.entries()) {
		while (at - (times[from] ?? at) >= intervalMs) from++;
		most = Math.max(most, index - from + 1);
	}
	return most;
}

describe('[I22] a window of calls', () => {
	test.each([
		[1, 1_000],
		[7, 1_000],
		[95, 1_000],
		[1, 2_106],
		[1_000, 1_000],
	])('[I22] %i calls in any %i ms, whenever they come', (max, intervalMs) => {
		const random = seeded(max);
		const window = new CallWindow(intervalMs);
		const times: number[] = [];
		let now = 123_456.7;
		for (let turn = 0; turn < 30_000; turn++) {
			now += random() < 0.001 ? random() * 3_000 : random() * 2;
			if (window.take(now, max)) times.push(now);
		}
		expect(mostIn(times, intervalMs)).toBeLessThanOrEqual(max);
		expect(times.length).toBeGreaterThan((0.9 * max * 30_000) / intervalMs);
	});

	test('[I22] a slice of 100 ms takes a part of them only', () => {
		const window = new CallWindow(1_000);
		const taken = Array.from({ length: 100 }, (_, index) => window.take(50_000 + index, 50));
		expect(taken.filter(Boolean)).toHaveLength(10);
	});

	test('[I22] what went counts when the interval becomes another', () => {
		const window = new CallWindow(1_000);
		expect(window.take(10_000, 1)).toBe(true);
		window.stretch(3_000);
		expect(window.used(12_900)).toBe(1);
		expect(window.take(12_900, 1)).toBe(false);
		expect(window.take(13_020, 1)).toBe(true);
		window.stretch(1_000);
		expect(window.used(13_500)).toBe(1);
	});
});

/** A node's permits, with the test in the actor's place. */
class Desk {
	readonly runtime = new VirtualRuntime();
	readonly requests: PermitRequest[] = [];
	readonly granted: string[] = [];
	reply: (request: PermitRequest) => Omit<Permits, 'tick'> | undefined = () => ({
		share: 10,
		intervalMs: 1_000,
	});
	#tick = 0;
	readonly permits = new Permissions({
		institutions: ['bank-a'],
		incarnation: 'one',
		runtime: this.runtime,
		log: SILENT,
		ask: (_institution, request, answer) => {
			this.requests.push(request);
			const tick = ++this.#tick;
			this.runtime.after(20, () => {
				const reply = this.reply(request);
				answer(reply && { ...reply, tick });
			});
		},
	});

	constructor() {
		this.#tickLater();
	}

	take(lane: 'online' | 'batch', waitMsMax = 5_000, name = lane as string): void {
		void this.permits.take('bank-a', lane, waitMsMax).then((answer) => {
			this.granted.push(answer.ok ? name : `${name} ${answer.code}`);
		});
	}

	#tickLater(): void {
		this.runtime.after(100, () => {
			this.permits.tick();
			this.#tickLater();
		});
	}
}

describe('[I22] permits of a node', () => {
	test('[I22] the first call asks, and waits for the answer', async () => {
		const desk = new Desk();
		desk.take('online');
		await desk.runtime.advance(10);
		expect(desk.granted).toEqual([]);
		await desk.runtime.advance(15);
		expect(desk.granted).toEqual(['online']);
		expect(desk.requests).toMatchObject([{ n: 1, holds: 0, past: 0 }]);
	});

	test('[I22] behind a change of the owner a share is renewed as it is, where there is one', async () => {
		const desk = new Desk();
		desk.permits.moved('bank-a');
		desk.take('online');
		await desk.runtime.advance(100);
		desk.permits.moved('bank-a');
		desk.take('online');
		await desk.runtime.advance(14_000);
		expect(desk.requests.map(({ again = false }) => again)).toEqual([false, true, false]);
	});

	test('[I22] user calls go before batch calls', async () => {
		const desk = new Desk();
		desk.reply = () => ({ share: 2, intervalMs: 1_000 });
		for (const index of [1, 2, 3]) desk.take('batch', 5_000, `batch ${index}`);
		for (const index of [1, 2]) desk.take('online', 5_000, `online ${index}`);
		await desk.runtime.advance(3_500);
		expect(desk.granted).toEqual(['online 1', 'online 2', 'batch 1', 'batch 2', 'batch 3']);
	});

	test('[I22] waiting is bounded in time', async () => {
		const desk = new Desk();
		desk.reply = () => ({ share: 0, intervalMs: 1_000 });
		desk.take('online', 500);
		desk.take('batch', 300);
		desk.take('online', 0, 'at once');
		await desk.runtime.advance(450);
		expect(desk.granted).toEqual(['at once RATE_LIMITED', 'batch RATE_LIMITED']);
		await desk.runtime.advance(200);
		expect(desk.granted).toContain('online RATE_LIMITED');
		expect(desk.permits.figures('bank-a').waiting).toBe(0);
	});

	test('[I22] a share is of use for 20 s from the sending of its renewal', async () => {
		const desk = new Desk();
		desk.take('online');
		await desk.runtime.advance(100);
		desk.reply = () => undefined;
		await desk.runtime.advance(19_800);
		expect(desk.permits.figures('bank-a').share).toBe(10);
		await desk.runtime.advance(200);
		expect(desk.permits.figures('bank-a').share).toBe(0);
		desk.take('online', 1_000);
		await desk.runtime.advance(2_000);
		expect(desk.granted.at(-1)).toBe('online RATE_LIMITED');
	});

	test('[I22] less is kept to at once, and said when the last second holds no more', async () => {
		const desk = new Desk();
		for (let call = 0; call < 10; call++) desk.take('online');
		await desk.runtime.advance(700);
		expect(desk.granted).toHaveLength(10);
		desk.reply = () => ({ share: 3, intervalMs: 1_000 });
		desk.permits.changed('bank-a');
		await desk.runtime.advance(300);
		expect(desk.permits.figures('bank-a').share).toBe(3);
		expect(desk.requests.at(-1)).toMatchObject({ holds: 10 });
		await desk.runtime.advance(1_500);
		expect(desk.requests.at(-1)).toMatchObject({ holds: 3 });
	});

	test('[I22] only the answer to the last request counts', async () => {
		const desk = new Desk();
		desk.reply = () => undefined;
		const late: ((permits: Permits | undefined) => void)[] = [];
		const permits = new Permissions({
			institutions: ['bank-a'],
			incarnation: 'one',
			runtime: desk.runtime,
			log: SILENT,
			ask: (_institution, _request, answer) => void late.push(answer),
		});
		void permits.take('bank-a', 'online', 60_000);
		await desk.runtime.advance(3_100);
		permits.tick();
		expect(late).toHaveLength(2);
		late[0]?.({ share: 50, intervalMs: 1_000, tick: 1 });
		expect(permits.figures('bank-a').share).toBe(0);
		late[1]?.({ share: 5, intervalMs: 1_000, tick: 2 });
		expect(permits.figures('bank-a').share).toBe(5);
	});

	test('[I22] what is over is what was answered long enough ago', async () => {
		const desk = new Desk();
		const calls = async (ms: number) => {
			for (let passed = 0; passed < ms; passed += 1_000) {
				desk.take('online');
				await desk.runtime.advance(1_000);
			}
		};
		await calls(21_000);
		expect(desk.requests.every(({ past }) => past === 0)).toBe(true);
		await calls(30_000);
		const { past } = desk.requests.at(-1) as PermitRequest;
		expect(past).toBeGreaterThan(0);
		expect(past).toBeLessThan(desk.requests.length - 2);
	});

	test('[I22] a node that calls no more gives its permits back, one that ends too', async () => {
		const desk = new Desk();
		desk.take('online');
		await desk.runtime.advance(17_000);
		expect(desk.requests.at(-1)).toMatchObject({ want: 0 });
		desk.reply = () => ({ share: 0, intervalMs: 1_000 });
		await desk.runtime.advance(10_000);
		const asked = desk.requests.length;
		await desk.runtime.advance(60_000);
		expect(desk.requests).toHaveLength(asked);
		desk.take('online', 60_000, 'last');
		desk.permits.close();
		await desk.runtime.advance(10);
		expect(desk.granted.at(-1)).toBe('last UNAVAILABLE');
		expect(desk.requests.at(-1)).toMatchObject({ want: 0, holds: 0 });
	});
});
