import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Presence, type PresenceConnection } from '../../src/cluster/presence.ts';
import type { ShownState } from '../../src/cluster/presence-user.ts';
import { VirtualRuntime } from './virtual-runtime.ts';

const USERS = ['ann', 'bob', 'eve'];
const SILENCE_MS = 31_000;

type Step =
	| { do: 'connect'; user: number; device: number; visible: boolean }
	| { do: 'cut' | 'alive' | 'logout'; socket: number }
	| { do: 'visible'; socket: number; visible: boolean }
	| { do: 'set'; user: number; state: 'online' | 'away' }
	| { do: 'advance'; ms: number };

const index = fc.nat({ max: 9 });
const user = fc.nat({ max: USERS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
	fc.record({
		do: fc.constant('connect' as const),
		user,
		device: fc.nat({ max: 1 }),
		visible: fc.boolean(),
	}),
	fc.record({ do: fc.constantFrom('cut', 'alive', 'logout'), socket: index }),
	fc.record({ do: fc.constant('visible' as const), socket: index, visible: fc.boolean() }),
	fc.record({ do: fc.constant('set' as const), user, state: fc.constantFrom('online', 'away') }),
	fc.record({
		do: fc.constant('advance' as const),
		ms: fc.oneof(
			fc.nat({ max: 40_000 }),
			fc.constantFrom(1, 1_000, 29_999, 30_000, 30_999, 31_000),
		),
	}),
);

interface Socket {
	readonly connection: PresenceConnection;
	visible: boolean;
	open: boolean;
	/** Time of the last sign; absent when a logout has ended it since. */
	heardAt: number | undefined;
	loggedOut: boolean;
}

/** The rules as written, computed from everything that ever happened. */
class Model {
	readonly sockets: Socket[] = [];
	readonly #away = new Set<string>();
	readonly #lastActiveAt = new Map<string, number>();
	readonly #settleMs: number;
	readonly #runtime: VirtualRuntime;

	constructor(runtime: VirtualRuntime, settleMs: number) {
		this.#runtime = runtime;
		this.#settleMs = settleMs;
	}

	state(userId: string): { state: ShownState; lastActiveAt: number | undefined } | undefined {
		const seen = this.sockets.some((socket) => socket.connection.identity.userId === userId);
		if (!seen && this.#runtime.monotonic() < this.#settleMs) return undefined;
		const alive = this.alive(userId);
		const isOnline = !this.#away.has(userId) && alive.some(({ visible }) => visible);
		const there = isOnline ? 'online' : 'away';
		const state = alive.length === 0 ? 'offline' : there;
		return { state, lastActiveAt: this.#lastActiveAt.get(userId) };
	}

	alive(userId: string): Socket[] {
		return this.sockets.filter(
			({ connection, heardAt }) =>
				connection.identity.userId === userId &&
				heardAt !== undefined &&
				this.#runtime.monotonic() - heardAt < SILENCE_MS,
		);
	}

	hear(socket: Socket, visible: boolean): void {
		if (socket.loggedOut) return;
		const { userId } = socket.connection.identity;
		if (socket.visible || visible) this.#lastActiveAt.set(userId, this.#runtime.now());
		socket.visible = visible;
		socket.heardAt = this.#runtime.monotonic();
	}

	/** A socket logs its device out once. */
	logout(own: Socket): void {
		if (own.loggedOut) return;
		own.loggedOut = true;
		const { identity, deviceId } = own.connection;
		for (const socket of this.sockets) {
			const { connection } = socket;
			if (connection.identity.userId !== identity.userId) continue;
			if (connection.deviceId === deviceId) socket.heardAt = undefined;
		}
	}

	set(userId: string, state: 'online' | 'away'): void {
		if (state === 'away') this.#away.add(userId);
		else this.#away.delete(userId);
	}

	/** What a user said ends when they are offline. */
	settle(): void {
		for (const userId of USERS) if (this.alive(userId).length === 0) this.#away.delete(userId);
	}
}

class Run {
	readonly runtime = new VirtualRuntime();
	readonly presence: Presence;
	readonly model: Model;
	/** What a watcher knows of each user from what it was told. */
	readonly known = new Map<string, ShownState>();

	constructor(settleMs: number) {
		this.presence = new Presence({ runtime: this.runtime, settleMs });
		this.model = new Model(this.runtime, settleMs);
		const watcher = {
			connectionId: 'watcher',
			changed: (userId: string, before: ShownState | undefined) => {
				const state = this.presence.state(userId)?.state;
				expect(before).toBe(this.known.get(userId));
				expect(state).not.toBe(before);
				if (state !== undefined) this.known.set(userId, state);
			},
		};
		const answer = this.presence.watch(watcher, USERS);
		for (const { userId, state } of answer.ok ? answer.states : []) this.known.set(userId, state);
	}

	do(next: Step): void {
		switch (next.do) {
			case 'connect':
				this.#connect(next);
				break;
			case 'set':
				this.model.set(USERS[next.user] ?? '', next.state);
				this.presence.setState(USERS[next.user] ?? '', next.state);
				break;
			case 'advance':
				this.runtime.advance(next.ms);
				break;
			default:
				this.#onSocket(next);
		}
		this.model.settle();
		this.#compare();
	}

	#connect({ user, device, visible }: Step & { do: 'connect' }): void {
		const connection = {
			id: `socket-${this.model.sockets.length}`,
			identity: { userId: USERS[user] ?? '' },
			deviceId: `device-${device}`,
		};
		const socket = { connection, visible, open: true, heardAt: undefined, loggedOut: false };
		this.model.sockets.push(socket);
		this.model.hear(socket, visible);
		this.presence.connected(connection, visible);
	}

	#onSocket(next: Step & { socket: number }): void {
		const open = this.model.sockets.filter((socket) => socket.open);
		const socket = open[next.socket % open.length];
		if (socket === undefined) return;
		const { connection } = socket;
		if (next.do === 'cut') {
			socket.open = false;
			this.presence.disconnected(connection);
		} else if (next.do === 'alive') {
			this.model.hear(socket, socket.visible);
			this.presence.alive(connection);
		} else if (next.do === 'logout') {
			this.model.logout(socket);
			this.presence.logout(connection);
		} else if (next.do === 'visible') {
			this.model.hear(socket, next.visible);
			this.presence.setVisible(connection, next.visible);
		}
	}

	#compare(): void {
		for (const userId of USERS) {
			const expected = this.model.state(userId);
			const { state, lastActiveAt } = this.presence.state(userId) ?? {};
			expect({ state, lastActiveAt }).toEqual({
				state: expected?.state,
				lastActiveAt: expected?.lastActiveAt,
			});
			expect(this.known.get(userId), `what a watcher of ${userId} knows`).toBe(expected?.state);
		}
		const alive = USERS.map((userId) => this.model.alive(userId));
		const devices = alive.map((all) => new Set(all.map(({ connection }) => connection.deviceId)));
		expect(this.presence.counts()).toEqual({
			users: alive.filter((all) => all.length > 0).length,
			devices: devices.reduce((sum, { size }) => sum + size, 0),
			watches: USERS.length,
		});
	}
}

describe('presence against its rules', () => {
	test('[C30] [C31] [C32] [C33] any course of connects, cuts, signs, logouts and times', () => {
		fc.assert(
			fc.property(
				fc.constantFrom(0, 30_000),
				fc.array(step, { maxLength: 60 }),
				(settleMs, steps) => {
					const run = new Run(settleMs);
					for (const next of steps) run.do(next);
				},
			),
			{ numRuns: 500 },
		);
	});
});
