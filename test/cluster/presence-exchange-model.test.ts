import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ShownState } from '../../src/cluster/presence-user.ts';
import { seeded } from '../support/seeded.ts';
import { PresenceTruth, type TrueSocket } from './support/presence-truth.ts';
import { type PresenceNode, PresenceWorld } from './support/presence-world.ts';

const USERS = ['ann', 'bob'];
const NODES = 3;
const HEARTBEAT_MS = 5_000;
const STEP_MS = 500;
/** How soon all nodes show the truth once the relay is well. */
const CONVERGE_MS = 5_000;

type SocketStep =
	| { do: 'move'; socket: number; node: number }
	| { do: 'cut' | 'freeze' | 'logout'; socket: number }
	| { do: 'visible'; socket: number; visible: boolean }
	| { do: 'set'; socket: number; away: boolean };
type Step =
	| SocketStep
	| { do: 'connect'; user: number; device: number; node: number; visible: boolean }
	| { do: 'partition'; node: number; ms: number }
	| { do: 'advance'; ms: number };

const node = fc.nat({ max: NODES - 1 });
const socket = fc.nat({ max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
	fc.record({
		do: fc.constant('connect' as const),
		user: fc.nat({ max: USERS.length - 1 }),
		device: fc.nat({ max: 1 }),
		node,
		visible: fc.boolean(),
	}),
	fc.record({ do: fc.constant('move' as const), socket, node }),
	fc.record({ do: fc.constantFrom('cut', 'freeze', 'logout'), socket }),
	fc.record({ do: fc.constant('visible' as const), socket, visible: fc.boolean() }),
	fc.record({ do: fc.constant('set' as const), socket, away: fc.boolean() }),
	fc.record({ do: fc.constant('partition' as const), node, ms: fc.nat({ max: 5_000 }) }),
	fc.record({
		do: fc.constant('advance' as const),
		ms: fc.oneof(
			fc.nat({ max: 40_000 }),
			fc.nat({ max: 1_000 }),
			fc.constantFrom(28_000, 29_900, 31_000),
		),
	}),
);

class Run {
	readonly world = PresenceWorld.settled(NODES);
	readonly truth = new PresenceTruth(() => this.world.runtime.monotonic(), USERS);
	readonly #beatAt = new Map<TrueSocket, number>();

	constructor(seed: number) {
		const random = seeded(seed);
		this.world.bus.faults = () => {
			const delay = () => (random() < 0.3 ? Math.floor(random() * 400) : 0);
			if (random() < 0.2) return [];
			return random() < 0.1 ? [delay(), delay()] : [delay()];
		};
		for (const each of this.world.nodes) {
			for (const userId of USERS) this.#listen(each, userId);
		}
	}

	do(next: Step): void {
		if (next.do === 'connect') this.#connect(USERS[next.user] ?? '', next);
		else if (next.do === 'partition') this.#partition(this.#node(next.node), next.ms);
		else if (next.do === 'advance') this.advance(next.ms);
		else this.#onSocket(next);
		this.truth.look();
	}

	advance(ms: number): void {
		for (let left = ms; left > 0; left -= STEP_MS) {
			this.world.pass(Math.min(left, STEP_MS));
			for (const each of this.#open()) {
				const now = this.world.runtime.monotonic();
				if (now - (this.#beatAt.get(each) ?? 0) >= HEARTBEAT_MS) this.#hear(each);
			}
			this.truth.look();
		}
	}

	/** With a relay that is well, and nothing done, all nodes show the truth. */
	end(): void {
		this.world.bus.faults = undefined;
		for (const each of this.world.nodes) each.relay.setConnected(true);
		this.advance(CONVERGE_MS);
		const before = new Map(USERS.map((userId) => [userId, this.#truth(userId)]));
		for (let left = CONVERGE_MS; left > 0; left -= STEP_MS) {
			this.advance(STEP_MS);
			for (const [userId, truth] of before) {
				if (this.#truth(userId) !== truth) before.set(userId, '');
			}
		}
		for (const [userId, truth] of before) if (truth !== '') this.#compare(userId);
	}

	#truth(userId: string): string {
		return this.truth.states(userId)?.join(' ') ?? '';
	}

	#compare(userId: string): void {
		const shown = this.world.nodes.map((each) => each.state(userId));
		expect(this.truth.states(userId), `${userId} is shown ${shown}`).toContain(shown[0]);
		expect(new Set(shown).size, `${userId} is shown ${shown}`).toBe(1);
		const devices = new Set(this.truth.lives(userId).map(({ connection }) => connection.deviceId));
		for (const { presence } of this.world.nodes) {
			expect(presence.countsEverywhere().devices).toBeGreaterThanOrEqual(devices.size);
		}
	}

	#listen(each: PresenceNode, userId: string): void {
		let known: ShownState | undefined = each.state(userId);
		const changed = (_: string, before: ShownState | undefined) => {
			expect(before).toBe(known);
			known = each.state(userId);
			expect(known).not.toBe(before);
			if (known !== 'offline') return;
			expect(this.truth.isSurelyThere(userId), `${userId} offline at ${each.id}`).toBe(false);
		};
		each.presence.watch({ connectionId: 'watcher', changed }, [userId]);
	}

	#node(index: number): PresenceNode {
		return this.world.nodes[index] as PresenceNode;
	}

	#open(): TrueSocket[] {
		return this.truth.sockets.filter(({ isOpen, isFrozen }) => isOpen && !isFrozen);
	}

	#connect(
		userId: string,
		{ device, node, visible }: { device: number; node: number; visible: boolean },
	): void {
		const at = this.#node(node);
		const connection = at.connect(userId, `device-${device}`, visible);
		const made: TrueSocket = {
			connection,
			node: at,
			visible,
			isOpen: true,
			isFrozen: false,
			isLoggedOut: false,
			heardAt: undefined,
		};
		this.truth.sockets.push(made);
		this.truth.hear(made);
		this.#beatAt.set(made, this.world.runtime.monotonic());
	}

	#hear(each: TrueSocket): void {
		this.#beatAt.set(each, this.world.runtime.monotonic());
		this.truth.hear(each);
		each.node.presence.alive(each.connection);
	}

	#partition({ relay }: PresenceNode, ms: number): void {
		relay.setConnected(false);
		this.world.runtime.after(ms, () => relay.setConnected(true));
	}

	#onSocket(next: SocketStep): void {
		const open = this.#open();
		const each = open[next.socket % open.length];
		if (each === undefined) return;
		const { connection, node: at } = each;
		switch (next.do) {
			case 'cut':
				this.#cut(each);
				break;
			case 'freeze':
				each.isFrozen = true;
				this.truth.fallSilent(each);
				break;
			case 'move': {
				this.#cut(each);
				const { userId } = connection.identity;
				const device = Number(connection.deviceId.slice('device-'.length));
				this.#connect(userId, { device, node: next.node, visible: each.visible });
				break;
			}
			case 'logout':
				// A socket logs its device out once: what it says later changes nothing.
				if (each.isLoggedOut) break;
				this.#hear(each);
				this.truth.logout(each);
				at.presence.logout(connection);
				break;
			case 'visible':
				this.#hear(each);
				if (!each.isLoggedOut) each.visible = next.visible;
				at.presence.setVisible(connection, next.visible);
				break;
			case 'set':
				if (each.isLoggedOut) break;
				this.#hear(each);
				this.truth.say(each, next.away);
				at.presence.setState(connection.identity.userId, next.away ? 'away' : 'online');
				break;
		}
	}

	#cut(each: TrueSocket): void {
		each.isOpen = false;
		each.node.presence.disconnected(each.connection);
		this.truth.fallSilent(each);
	}
}

describe('presence over nodes against its rules', () => {
	test('[C30] [C31] any course over a bad relay: nobody who is there is shown offline, and all nodes come to the truth', () => {
		fc.assert(
			fc.property(fc.nat(), fc.array(step, { minLength: 10, maxLength: 60 }), (seed, steps) => {
				const run = new Run(seed);
				for (const next of steps) run.do(next);
				run.end();
			}),
			{ numRuns: 300 },
		);
	});
});
