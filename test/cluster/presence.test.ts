import { beforeEach, describe, expect, test } from 'vitest';
import { Presence, type PresenceConnection } from '../../src/cluster/presence.ts';
import type { Watcher } from '../../src/cluster/presence-watches.ts';
import { VirtualRuntime } from './virtual-runtime.ts';

let runtime: VirtualRuntime;
let presence: Presence;

beforeEach(() => {
	runtime = new VirtualRuntime();
	presence = new Presence({ runtime, settleMs: 0 });
});

let sockets = 0;
const socket = (userId: string, deviceId = 'phone'): PresenceConnection => ({
	id: `socket-${++sockets}`,
	identity: { userId },
	deviceId,
});

function connect(userId: string, deviceId?: string, visible = true): PresenceConnection {
	const connection = socket(userId, deviceId);
	presence.connected(connection, visible);
	return connection;
}

const stateOf = (userId: string) => presence.state(userId)?.state;

/** A watcher that writes down what it is told. */
function watcher(connectionId = `watcher-${++sockets}`) {
	const told: string[] = [];
	const listener: Watcher = {
		connectionId,
		changed: (userId, before) => told.push(`${userId} ${before}>${stateOf(userId)}`),
	};
	return { ...listener, told };
}

function watch(...users: string[]) {
	const ear = watcher();
	presence.watch(ear, users);
	return ear;
}

describe('signs of life', () => {
	test('[C30] a user is offline 30 s after the last sign of life', () => {
		const ann = connect('ann');
		const bob = watch('ann');
		for (let count = 0; count < 20; count++) {
			runtime.advance(5_000);
			presence.alive(ann);
		}
		// The sign that was reported may be the first of a second.
		runtime.advance(30_999);
		expect(bob.told).toEqual([]);
		runtime.advance(1);
		expect(bob.told).toEqual(['ann online>offline']);
	});

	test('[C30] a gap shorter than 30 s is never shown, however the socket ended', () => {
		const first = connect('ann');
		const bob = watch('ann');
		presence.disconnected(first);
		runtime.advance(29_999);
		const second = connect('ann');
		runtime.advance(29_999);
		presence.disconnected(second);
		connect('ann', 'laptop');
		runtime.advance(29_999);
		expect([bob.told, stateOf('ann')]).toEqual([[], 'online']);
	});

	test('[C30] the time counts from the last sign of life, not from the end of the socket', () => {
		const ann = connect('ann');
		const bob = watch('ann');
		runtime.advance(20_000);
		presence.disconnected(ann);
		runtime.advance(11_000);
		expect(bob.told).toEqual(['ann online>offline']);
	});

	test('[C30] a socket that fell silent and speaks again is back', () => {
		const ann = connect('ann');
		const bob = watch('ann');
		runtime.advance(40_000);
		presence.alive(ann);
		expect(bob.told).toEqual(['ann online>offline', 'ann offline>online']);
	});

	test('[C30] the last device counts', () => {
		connect('ann', 'phone');
		runtime.advance(20_000);
		connect('ann', 'laptop');
		const bob = watch('ann');
		runtime.advance(30_999);
		expect(bob.told).toEqual([]);
		runtime.advance(1);
		expect(bob.told).toEqual(['ann online>offline']);
	});

	test('[C30] jumps of the clock change nothing', () => {
		const ann = connect('ann');
		const bob = watch('ann');
		runtime.jump(86_400_000);
		runtime.advance(10_000);
		presence.alive(ann);
		runtime.jump(-2 * 86_400_000);
		runtime.advance(30_000);
		expect(bob.told).toEqual([]);
		runtime.advance(1_000);
		expect(bob.told).toEqual(['ann online>offline']);
	});
});

describe('logout', () => {
	test('of one socket is told to the other nodes once, however often it comes', () => {
		const loggedOut: string[] = [];
		presence.join('1', { changed: () => {}, loggedOut: (userId) => void loggedOut.push(userId) });
		const ann = connect('ann');
		for (let count = 0; count < 10; count++) presence.logout(ann);
		expect(loggedOut).toEqual(['ann']);
	});

	test('[C30] is offline at once', () => {
		const ann = connect('ann');
		const bob = watch('ann');
		presence.logout(ann);
		expect(bob.told).toEqual(['ann online>offline']);
		presence.alive(ann);
		presence.setVisible(ann, true);
		presence.disconnected(ann);
		runtime.advance(60_000);
		expect(bob.told).toHaveLength(1);
	});

	test('[C30] ends what earlier sockets of the device left, open or cut', () => {
		const cut = connect('ann');
		presence.disconnected(cut);
		connect('ann');
		const last = connect('ann');
		presence.logout(last);
		expect(stateOf('ann')).toBe('offline');
	});

	test('[C30] another page of the device that is still open is back with its next sign', () => {
		const other = connect('ann');
		presence.logout(connect('ann'));
		expect(stateOf('ann')).toBe('offline');
		presence.alive(other);
		expect(stateOf('ann')).toBe('online');
	});

	test('[C30] other devices stay', () => {
		connect('ann', 'laptop', false);
		const phone = connect('ann', 'phone');
		const bob = watch('ann');
		presence.logout(phone);
		expect(bob.told).toEqual(['ann online>away']);
	});

	test('[C30] whoever logs in again is back at once', () => {
		presence.logout(connect('ann'));
		connect('ann');
		expect(stateOf('ann')).toBe('online');
	});
});

describe('states', () => {
	test('[C31] away: no visible page or app on any device', () => {
		const phone = connect('ann', 'phone');
		const laptop = connect('ann', 'laptop', false);
		const bob = watch('ann');
		presence.setVisible(phone, false);
		presence.setVisible(laptop, true);
		presence.setVisible(laptop, true);
		expect(bob.told).toEqual(['ann online>away', 'ann away>online']);
	});

	test('[C31] away: set by the user, on all devices, until set back or offline', () => {
		const phone = connect('ann', 'phone');
		const bob = watch('ann');
		presence.setState('ann', 'away');
		connect('ann', 'laptop');
		presence.setVisible(phone, true);
		expect(bob.told).toEqual(['ann online>away']);
		presence.setState('ann', 'online');
		expect(stateOf('ann')).toBe('online');
		presence.setState('ann', 'away');
		runtime.advance(31_000);
		connect('ann');
		expect(stateOf('ann')).toBe('online');
	});

	test('[C31] a cut device stays as visible as it was until its time is over', () => {
		connect('ann', 'laptop', false);
		const phone = connect('ann', 'phone');
		presence.disconnected(phone);
		runtime.advance(29_999);
		expect(stateOf('ann')).toBe('online');
	});

	test('[C31] lastActiveAt is the last sign of life of a visible page or app', () => {
		const ann = connect('ann');
		runtime.advance(5_000);
		presence.setVisible(ann, false);
		const lastActiveAt = runtime.now();
		runtime.advance(5_000);
		presence.alive(ann);
		expect(presence.state('ann')).toEqual({ userId: 'ann', state: 'away', lastActiveAt });
		presence.logout(ann);
		presence.disconnected(ann);
		expect(presence.state('ann')).toEqual({ userId: 'ann', state: 'offline', lastActiveAt });
		connect('ann', 'phone', false);
		expect(presence.state('ann')).toEqual({ userId: 'ann', state: 'away', lastActiveAt });
	});

	test('[C31] who was never seen is offline, without lastActiveAt', () => {
		expect(presence.state('eve')).toEqual({ userId: 'eve', state: 'offline' });
	});

	test('[C31] offline users are remembered up to a limit, the latest ones', () => {
		presence = new Presence({ runtime, settleMs: 0, rememberedMax: 2 });
		for (const userId of ['ann', 'bob', 'eve']) {
			const connection = connect(userId);
			presence.logout(connection);
			presence.disconnected(connection);
		}
		const remembered = ['ann', 'bob', 'eve'].map((userId) => presence.state(userId)?.lastActiveAt);
		expect(remembered).toEqual([undefined, runtime.now(), runtime.now()]);
	});
});

describe('watching', () => {
	test('[C32] a watcher hears of its users only, and nothing once it has left', () => {
		const [one, other] = [watch('ann', 'bob'), watch('eve')];
		connect('ann');
		presence.unwatch(one, ['ann', 'nobody']);
		connect('bob');
		presence.logout(connect('ann'));
		presence.leave(one);
		presence.logout(connect('bob'));
		expect(one.told).toEqual(['ann offline>online', 'bob offline>online']);
		expect(other.told).toEqual([]);
		expect(presence.counts().watches).toBe(1);
	});

	test('[C32] watching answers with the present states, once for each', () => {
		connect('ann');
		const answer = presence.watch(watcher(), ['ann', 'bob', 'ann']);
		expect(answer).toEqual({
			ok: true,
			states: [
				{ userId: 'ann', state: 'online', lastActiveAt: runtime.now() },
				{ userId: 'bob', state: 'offline' },
			],
		});
	});

	test('[C32] of 100,000 users a change touches its watchers only', () => {
		const asked: string[] = [];
		const ears = Array.from({ length: 10 }, (_, n) => ({
			connectionId: `ear-${n}`,
			changed: (userId: string) => void asked.push(`${n} ${userId}`),
		}));
		const users = Array.from({ length: 100_000 }, (_, n) => connect(`user-${n}`));
		for (const ear of ears) presence.watch(ear, ['user-7']);
		presence.watch(ears[0] as Watcher, ['user-8']);
		expect(runtime.timersWaiting, 'one timer for all').toBe(1);
		const { timersSet } = runtime;
		for (const connection of users) presence.alive(connection);
		expect(runtime.timersSet).toBe(timersSet);
		expect(asked).toEqual([]);
		presence.setState('user-7', 'away');
		presence.setState('user-9', 'away');
		expect(asked).toEqual(ears.map((_, n) => `${n} user-7`));
		presence.logout(users[8] as PresenceConnection);
		expect(asked).toHaveLength(11);
		runtime.advance(31_000);
		expect(asked).toHaveLength(21);
		expect(presence.counts()).toEqual({ users: 0, devices: 0, watches: 11 });
	});

	test('[C32] the limits: per connection, over all its handles, and for all; all or none', () => {
		presence = new Presence({
			runtime,
			settleMs: 0,
			watches: { perConnectionMax: 3, totalMax: 4 },
		});
		const refused = expect.objectContaining({ ok: false, code: 'LIMIT' });
		const accepted = expect.objectContaining({ ok: true });
		const [one, same, other] = [watcher('x'), watcher('x'), watcher('y')];
		expect(presence.watch(one, ['a', 'b'])).toEqual(accepted);
		expect(presence.watch(one, ['a', 'b', 'a']), 'watched already').toEqual(accepted);
		expect(presence.watch(same, ['a', 'b'])).toEqual(refused);
		expect(presence.counts().watches).toBe(2);
		expect(presence.watch(same, ['a'])).toEqual(accepted);
		expect(presence.watch(other, ['a', 'b'])).toEqual(refused);
		expect(presence.watch(other, ['a'])).toEqual(accepted);
		presence.leave(one);
		expect(presence.watch(same, ['a', 'b', 'c'])).toEqual(accepted);
		presence.leave(same);
		presence.leave(other);
		expect(presence.counts().watches).toBe(0);
	});
});

describe('counts', () => {
	test('[C33] users and devices that are there', () => {
		const phone = connect('ann', 'phone');
		connect('ann', 'phone');
		connect('ann', 'laptop', false);
		connect('bob', 'phone', false);
		expect(presence.counts()).toEqual({ users: 2, devices: 3, watches: 0 });
		presence.logout(phone);
		expect(presence.counts()).toEqual({ users: 2, devices: 2, watches: 0 });
		runtime.advance(31_000);
		expect(presence.counts()).toEqual({ users: 0, devices: 0, watches: 0 });
	});

	test('a client that comes back again and again leaves a bounded trace', () => {
		for (let count = 0; count < 5_000; count++) {
			presence.disconnected(connect('ann', `device-${count}`));
		}
		expect(presence.counts()).toEqual({ users: 1, devices: 200, watches: 0 });
	});
});

describe('after a start', () => {
	beforeEach(() => {
		presence = new Presence({ runtime });
	});

	const watchOne = (userId: string) => {
		const ear = watcher();
		const answer = presence.watch(ear, [userId]);
		return { ear, states: answer.ok ? answer.states.map(({ state }) => state) : undefined };
	};

	test('[C30] who is on the way back is not shown offline meanwhile', () => {
		const { ear, states } = watchOne('ann');
		expect(states, 'not known yet').toEqual([]);
		runtime.advance(29_999);
		connect('ann');
		runtime.advance(30_000);
		expect(ear.told).toEqual(['ann undefined>online']);
	});

	test('[C30] who has not come back after 30 s is offline, told once', () => {
		const { ear } = watchOne('ann');
		runtime.advance(29_999);
		expect(ear.told).toEqual([]);
		runtime.advance(1);
		expect(ear.told).toEqual(['ann undefined>offline']);
		expect(watchOne('bob').states).toEqual(['offline']);
	});

	test('[C30] a logout counts at once, and is told once', () => {
		const { ear } = watchOne('ann');
		const ann = connect('ann', 'phone', false);
		presence.logout(ann);
		presence.disconnected(ann);
		expect(watchOne('ann').states).toEqual(['offline']);
		runtime.advance(60_000);
		expect(ear.told).toEqual(['ann undefined>away', 'ann away>offline']);
	});

	test('[P22] a process that was held up does not take its own deafness for silence', () => {
		const ann = connect('ann');
		const cut = connect('bob');
		presence.disconnected(cut);
		const ear = watch('ann', 'bob');
		runtime.advance(10_000);
		runtime.stall(600_000);
		runtime.advance(19_000);
		presence.alive(ann);
		expect(ear.told).toEqual([]);
		runtime.advance(2_000);
		expect(ear.told).toEqual(['bob online>offline']);
	});

	test('[P22] signs that are read before the late timer keep their order', () => {
		const ann = connect('ann');
		const bob = connect('bob');
		const ear = watch('ann', 'bob');
		runtime.advance(500);
		runtime.stall(100_000);
		presence.alive(bob);
		runtime.advance(20_000);
		presence.alive(ann);
		runtime.advance(11_500);
		expect(ear.told).toEqual(['bob online>offline']);
	});

	test('a stop ends all timers', () => {
		connect('ann');
		presence.stop();
		expect(runtime.timersWaiting).toBe(0);
	});
});
