import { afterEach, expect, test } from 'vitest';
import { Presence } from '../../src/cluster/presence.ts';
import type { Runtime } from '../../src/core/runtime.ts';
import { presenceService } from '../../src/gateway/services/presence-service.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { PresenceState } from '../../src/protocol/user.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
afterEach(() => world.stop());

const KEY = 'board/a';
const BOARD = { kind: 'board', id: 'a' };
const PRESENCE = { kind: 'presence', id: 'me' };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The gateway with presence as the server has it, on the clock that the test moves. */
async function withPresence(): Promise<Presence> {
	const runtime: Omit<Runtime, 'random' | 'randomId'> = {
		now: () => world.clock.now(),
		monotonic: () => world.clock.monotonic(),
		defer: (run) => world.clock.defer(run),
		after: (ms, run) => world.clock.after(ms, run),
	};
	const presence = new Presence({ runtime, settleMs: 0 });
	const services = [presenceService(presence, runtime)];
	const limits = { stalledMs: 600_000, silenceMs: 600_000 };
	world = await TestGateway.start({ services, listeners: [presence], limits });
	world.actors.create(KEY);
	return presence;
}

/** The states that a watcher has come to know of, the last of each user. */
function known(watcher: FrameClient): Record<string, string> {
	const states: Record<string, string> = {};
	for (const { op, payload } of watcher.frames) {
		if (op !== OP.ephemeral) continue;
		const [, data] = payload as [string, { states: PresenceState[] }];
		for (const { userId, state } of data.states) states[userId] = state;
	}
	return states;
}

test('[C32] [P3] [W31] a watcher that stopped reading learns the present state of those it missed', async () => {
	const presence = await withPresence();
	const [bob, eve] = [await world.connect('bob'), await world.connect('eve')];
	const ann = await world.connect('ann');
	await ann.open(1, BOARD);
	await ann.open(2, PRESENCE);
	const users = ['bob', 'eve', 'joe'];
	const [, watched] = await ann.command(2, 1, 'watch', { users });
	expect((watched as { states: PresenceState[] }).states.map(({ state }) => state)).toEqual([
		'online',
		'online',
		'offline',
	]);

	ann.socket.pause();
	const text = 'x'.repeat(100_000);
	for (let number = 1; number <= 300; number++) {
		const event: WireEvent = ['said', { number, text }];
		world.actors.publish(KEY, [{ event, audience: 'all' }]);
		await turn();
	}
	expect(world.gateway.connections().bytesQueued).toBeGreaterThan(100_000);
	presence.setState('bob', 'away');
	presence.setState('eve', 'away');
	await world.connect('joe');
	await turn();
	world.clock.advance(2_000);
	presence.setState('eve', 'online');
	await turn();
	world.clock.advance(2_000);
	expect(known(ann)).toEqual({});

	ann.socket.resume();
	await expect.poll(() => world.gateway.connections().bytesQueued, { timeout: 10_000 }).toBe(0);
	world.clock.advance(2_000);
	await turn();
	await expect.poll(() => known(ann)).toEqual({ bob: 'away', joe: 'online' });
	presence.setState('eve', 'away');
	await turn();
	world.clock.advance(100);
	await expect.poll(() => known(ann).eve).toBe('away');
	expect([bob, eve].every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true);
});
