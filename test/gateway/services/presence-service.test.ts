import { beforeEach, describe, expect, test } from 'vitest';
import { Presence } from '../../../src/cluster/presence.ts';
import type { Connection } from '../../../src/gateway/ports.ts';
import { presenceService } from '../../../src/gateway/services/presence-service.ts';
import { presenceContract } from '../../../src/protocol/user.ts';
import type { WireEvent } from '../../../src/protocol/wire.ts';
import { VirtualRuntime } from '../../cluster/virtual-runtime.ts';
import { type OpenedService, openService } from '../../support/open-service.ts';

let runtime: VirtualRuntime;
let presence: Presence;
let service: ReturnType<typeof presenceService>;

beforeEach(() => {
	runtime = new VirtualRuntime();
	presence = new Presence({ runtime, settleMs: 0 });
	service = presenceService(presence, runtime);
});

let sockets = 0;
function connect(userId: string): Connection {
	const connection = {
		id: `socket-${++sockets}`,
		identity: { userId, roles: ['user'] },
		deviceId: 'phone',
	};
	presence.connected(connection, true);
	return connection;
}

interface Opened {
	readonly connection: Connection;
	readonly session: OpenedService;
	/** What each `change` told: users with their states. */
	readonly told: string[][];
	readonly reader: { isSlow: boolean };
}

function open(connection: Connection): Opened {
	const told: string[][] = [];
	const reader = { isSlow: false };
	const tell = ([type, data]: WireEvent) => {
		if (reader.isSlow) return false;
		expect(type).toBe('change');
		const { states } = presenceContract.ephemerals.change.parse(data);
		told.push(states.map(({ userId, state }) => `${userId} ${state}`));
		return true;
	};
	const session = openService(service, connection, { tell });
	return { connection, session, told, reader };
}

const OK = { ok: true, reply: {} };

describe('presence service', () => {
	test('[C32] watch answers with the present states, and only changes follow', async () => {
		connect('bob');
		const ann = open(connect('ann'));
		const answer = await ann.session.command('watch', { users: ['bob', 'eve'] });
		expect(answer).toEqual({
			ok: true,
			reply: {
				states: [
					{ userId: 'bob', state: 'online', lastActiveAt: runtime.now() },
					{ userId: 'eve', state: 'offline' },
				],
			},
		});
		runtime.advance(1_000);
		expect(ann.told).toEqual([]);
		connect('eve');
		connect('mallory');
		runtime.turn();
		expect(ann.told).toEqual([['eve online']]);
		expect(await ann.session.command('unwatch', { users: ['eve'] })).toEqual(OK);
		presence.setState('eve', 'away');
		runtime.advance(1_000);
		expect(ann.told).toHaveLength(1);
	});

	test('[C32] changes of a turn leave together, then at most every 100 ms', async () => {
		const ann = open(connect('ann'));
		await ann.session.command('watch', { users: ['b', 'c', 'd', 'e'] });
		for (const userId of ['b', 'c']) connect(userId);
		expect(ann.told).toEqual([]);
		runtime.turn();
		expect(ann.told).toEqual([['b online', 'c online']]);
		connect('d');
		runtime.advance(60);
		connect('e');
		runtime.advance(39);
		expect(ann.told).toHaveLength(1);
		runtime.advance(1);
		expect(ann.told[1]).toEqual(['d online', 'e online']);
		runtime.advance(100);
		presence.setState('e', 'away');
		runtime.turn();
		expect(ann.told[2]).toEqual(['e away']);
	});

	test('[C32] what is as before by then is not told of, what came last is', async () => {
		const ann = open(connect('ann'));
		const bob = connect('bob');
		connect('eve');
		await ann.session.command('watch', { users: ['bob', 'eve'] });
		presence.setState('bob', 'away');
		presence.setState('bob', 'online');
		presence.setState('eve', 'away');
		presence.setState('eve', 'online');
		presence.setState('eve', 'away');
		runtime.advance(200);
		expect(ann.told).toEqual([['eve away']]);
		presence.logout(bob);
		const { reply } = (await ann.session.command('watch', { users: ['bob'] })) as {
			reply: { states: { state: string }[] };
		};
		expect(reply.states[0]?.state).toBe('offline');
		runtime.advance(200);
		expect(ann.told, 'the answer has said it').toHaveLength(1);
	});

	test('[C31] a user says away and back, on all devices', async () => {
		const ann = open(connect('ann'));
		const bob = open(connect('bob'));
		await bob.session.command('watch', { users: ['ann'] });
		expect(await ann.session.command('set', { state: 'away' })).toEqual(OK);
		runtime.advance(100);
		expect(await ann.session.command('set', { state: 'online' })).toEqual(OK);
		runtime.advance(100);
		expect(await ann.session.command('visible', { visible: false })).toEqual(OK);
		runtime.advance(100);
		expect(bob.told).toEqual([['ann away'], ['ann online'], ['ann away']]);
	});

	test('[C30] a logout is told at once, a cut is not', async () => {
		const [ann, eve] = [open(connect('ann')), connect('eve')];
		const bob = open(connect('bob'));
		await bob.session.command('watch', { users: ['ann', 'eve'] });
		presence.disconnected(eve);
		expect(await ann.session.command('logout', {})).toEqual(OK);
		runtime.turn();
		expect(bob.told).toEqual([['ann offline']]);
		runtime.advance(32_000);
		expect(bob.told).toEqual([['ann offline'], ['eve offline']]);
	});

	test('[C32] a connection watches at most 1,000 users, over all its handles', async () => {
		const users = Array.from({ length: 1_000 }, (_, n) => `user-${n}`);
		const connection = connect('ann');
		const [one, other] = [open(connection), open(connection)];
		expect(await one.session.command('watch', { users })).toMatchObject({ ok: true });
		const refused = { ok: false, code: 'LIMIT' };
		expect(await one.session.command('watch', { users: ['bob'] })).toMatchObject(refused);
		expect(await other.session.command('watch', { users: ['bob'] })).toMatchObject(refused);
		one.session.close();
		expect(await other.session.command('watch', { users })).toMatchObject({ ok: true });
	});

	test('[C32] a closed handle watches nobody and is told nothing that waited', async () => {
		const ann = open(connect('ann'));
		await ann.session.command('watch', { users: ['bob', 'eve'] });
		connect('bob');
		ann.session.close();
		connect('eve');
		runtime.advance(1_000);
		expect(ann.told).toEqual([]);
		expect(presence.counts().watches).toBe(0);
	});

	test('[C32] [P3] what a slow reader missed is told when it is there again, as it is then', async () => {
		const ann = open(connect('ann'));
		const [bob, eve] = [connect('bob'), connect('eve')];
		await ann.session.command('watch', { users: ['bob', 'eve', 'joe', 'kim'] });
		ann.reader.isSlow = true;
		presence.logout(bob);
		presence.setState('eve', 'away');
		connect('joe');
		connect('kim');
		runtime.advance(1_000);
		presence.setState('eve', 'online');
		await ann.session.command('unwatch', { users: ['kim'] });
		runtime.advance(1_000);
		expect(ann.told).toEqual([]);
		ann.session.caughtUp?.();
		runtime.advance(1_000);
		expect(ann.told, 'it is slow again already').toEqual([]);
		presence.setState('joe', 'away');
		ann.reader.isSlow = false;
		ann.session.caughtUp?.();
		runtime.advance(1_000);
		expect(ann.told).toEqual([['bob offline', 'joe away']]);
		presence.logout(eve);
		runtime.advance(1_000);
		expect(ann.told[1]).toEqual(['eve offline']);
	});

	test('[P4] an unknown command is refused', async () => {
		const ann = open(connect('ann'));
		expect(await ann.session.command('dance', {})).toMatchObject({ ok: false, code: 'NOT_FOUND' });
	});
});
