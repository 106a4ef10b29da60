import { describe, expect, test } from 'vitest';
import { OP } from '../../src/protocol/frames.ts';
import { onlineScene, outcome, type Scene, type Sdk } from './support/sdk.ts';

const HOUR_MS = 3_600_000;

const pings = ({ server }: Scene) => server.seen.filter(({ op }) => op === OP.ping).length;

const errorMs = ({ naru, server }: Scene) => Math.abs(naru.now() - server.now());

/** What becomes of a client when somebody sets the device's clock. */
export function clockSuite(sdk: Sdk): void {
	describe(`clock (${sdk.name})`, () => {
		test('set ahead, now() is right again after the next sign of life', async () => {
			const made = await onlineScene(sdk);
			made.server.clockAheadMs = 90_000;
			await made.world.advance(30_000);
			expect(errorMs(made)).toBeLessThanOrEqual(2);
			made.world.setClock(HOUR_MS);
			await made.world.advance(5_100);
			expect(errorMs(made)).toBeLessThanOrEqual(2);
			expect(made.naru.stats.sockets).toBe(1);
		});

		test('set back, now() goes on', async () => {
			const made = await onlineScene(sdk);
			await made.world.advance(30_000);
			made.world.setClock(-HOUR_MS);
			// Nobody can tell how long it was since the clock was looked at.
			expect(errorMs(made)).toBeLessThanOrEqual(5_000);
			await made.world.advance(5_100);
			expect(errorMs(made)).toBeLessThanOrEqual(2);
		});

		test.each([HOUR_MS, -HOUR_MS])('set by %i ms, a dead socket is still found out', async (ms) => {
			const made = await onlineScene(sdk);
			await made.world.advance(7_000);
			made.world.setClock(ms);
			const before = pings(made);
			await made.world.advance(20_000);
			expect(pings(made) - before).toBeGreaterThanOrEqual(3);
			made.server.isSilent = true;
			await made.world.advance(17_100);
			expect(made.naru.status).toBe('reconnecting');
		});

		test('set back, what waits for its time goes on all the same', async () => {
			const made = await onlineScene(sdk);
			made.server.made('general', 'ann');
			const channel = made.naru.channel('general');
			await Promise.all([channel.open(), made.world.advance(10)]);
			made.server.refuseCommand = () => ({ code: 'BUSY', retryAfterMs: 1_000 });
			const sent = outcome(channel.send('hi'));
			await made.world.advance(100);
			made.server.refuseCommand = () => undefined;
			made.world.setClock(-HOUR_MS);
			await made.world.advance(4_000);
			expect(sent.value?.seq).toBe(1);
		});

		test("set back, the next attempt is told on the device's clock", async () => {
			const made = await onlineScene(sdk);
			made.world.setClock(-HOUR_MS);
			made.server.accepts = 'refuse';
			let retryAt = 0;
			made.naru.on('status', (change) => {
				retryAt = change.retryAt ?? 0;
			});
			made.server.last.socket.cut();
			await made.world.advance(0);
			expect(Math.abs(retryAt - made.world.deviceNow)).toBeLessThanOrEqual(250);
		});

		test('a client that has much to say asks once a minute', async () => {
			const made = await onlineScene(sdk);
			made.server.made('general', 'ann');
			for (let second = 0; second < 130; second++) {
				void made.naru.channel('general').send('hi');
				await made.world.advance(1_000);
			}
			expect(pings(made)).toBe(2);
		});

		test('a page in the background, whose timers are late, gives signs of life over what it hears', async () => {
			const made = await onlineScene(sdk);
			const general = made.server.made('general', 'ann', 'bob');
			await Promise.all([made.naru.channel('general').open(), made.world.advance(10)]);
			made.world.timersLateMs = 60_000;
			await made.world.advance(5_000);
			const before = pings(made);
			for (let message = 0; message < 6; message++) {
				made.server.by(general, { userId: 'bob', name: 'send', args: { text: 'hi' } });
				await made.world.advance(6_000);
			}
			expect(pings(made) - before).toBeGreaterThanOrEqual(5);
			expect(made.naru.stats.sockets).toBe(1);
		});
	});
}
