import { beforeEach, describe, expect, test } from 'vitest';
import { clusterActors } from '../../src/cluster/cluster-actors.ts';
import type { NodeId } from '../../src/cluster/directory.ts';
import type { Links, Placement } from '../../src/cluster/ports.ts';
import { Switchboard } from '../../src/cluster/switchboard.ts';
import type {
	ActorPort,
	CommandAnswer,
	OpenAnswer,
	OpenRequest,
	Subscriber,
} from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { KindContract } from '../../src/protocol/kind.ts';

const KEY = 'thing/one' as ActorKey;
const CALLER = { userId: 'ann', roles: ['user'] };
const contract = {
	kind: 'thing',
	commands: { make: { creates: true }, do: {} },
} as unknown as KindContract;

/** Links of two nodes in one process, which a test can cut. */
class Wire {
	readonly #ends = new Map<NodeId, (from: NodeId, message: Uint8Array) => void>();
	readonly #downs = new Map<NodeId, (peer: NodeId) => void>();
	readonly waiting: (() => void)[] = [];

	end(self: NodeId): Links {
		return {
			send: (to, message) => {
				this.waiting.push(() => this.#ends.get(to)?.(self, message));
			},
			onMessage: (listener) => {
				this.#ends.set(self, listener);
				return () => {};
			},
			onDown: (listener) => {
				const before = this.#downs.get(self);
				this.#downs.set(self, (peer) => {
					before?.(peer);
					listener(peer);
				});
				return () => {};
			},
			fail: () => this.cut(),
			close: () => {},
		};
	}

	/** Everything that is on its way arrives. */
	pass(): void {
		while (this.waiting.length > 0) this.waiting.shift()?.();
	}

	cut(): void {
		this.waiting.length = 0;
		for (const [self, down] of this.#downs) down(self === '1' ? '2' : '1');
	}
}

/** Actors that note what is asked of them, and answer when the test does. */
class NotedActors implements ActorPort {
	readonly commands: string[] = [];
	readonly opened: OpenRequest[] = [];
	readonly unsubscribed: Subscriber[] = [];
	openAnswer: OpenAnswer = { ok: true, how: 'opened', position: 1, writer: 'w', view: {} };
	answers: ((answer: CommandAnswer) => void)[] = [];

	open(_key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void {
		this.opened.push(request);
		answer(this.openAnswer);
	}

	reopen: ActorPort['reopen'] = (_key, _request, answer) => answer({ ok: true, how: 'reset' });

	command: ActorPort['command'] = (_key, { name, args }, answer) => {
		this.commands.push(`${name} ${String(args)}`);
		this.answers.push(answer);
	};

	ephemeral(): void {}
	closeOpening(): void {}

	unsubscribe(_key: ActorKey, subscriber: Subscriber): void {
		this.unsubscribed.push(subscriber);
	}

	async peek() {
		return undefined;
	}
}

/** Whoever claims first owns; every node sees it at once. */
class Claims {
	readonly owners = new Map<ActorKey, NodeId>();
	readonly claimed: ActorKey[] = [];

	of(self: NodeId): Placement {
		return {
			known: (key) => this.owners.get(key),
			lookUp: async (key) => this.owners.get(key),
			claim: async (key) => {
				this.claimed.push(key);
				if (!this.owners.has(key)) this.owners.set(key, self);
				return this.owners.get(key);
			},
			forget: () => {},
			mayOwn: () => true,
			owns: (key) => this.owners.get(key) === self,
			owned: () => [],
			onForeign: () => () => {},
			release: () => {},
		};
	}
}

class Ear implements Subscriber {
	readonly heard: number[] = [];
	closings = 0;
	committed = ({ position }: { position: number }) => void this.heard.push(position);
	ephemeral = () => {};
	closed = () => void this.closings++;
}

let wire: Wire;
let claims: Claims;
let written: boolean;
let mayServe: boolean;

function node(id: NodeId, local: NotedActors): ActorPort {
	return clusterActors({
		local,
		contracts: [contract],
		journal: {
			head: async () => (written ? { commit: 1, position: 1, writer: 'w', at: 1 } : undefined),
		},
		membership: { self: { id } as never, mayServe: () => mayServe },
		placement: claims.of(id),
		switchboard: new Switchboard(wire.end(id), SILENT),
		log: SILENT,
	});
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

beforeEach(() => {
	wire = new Wire();
	claims = new Claims();
	written = true;
	mayServe = true;
});

const ask = (actors: ActorPort, name: string, args: unknown) =>
	new Promise<CommandAnswer>((resolve) => {
		actors.command(KEY, { caller: CALLER, name, args }, resolve);
	});

const open = (actors: ActorPort, subscriber: Subscriber) =>
	new Promise<OpenAnswer>((resolve) => {
		actors.open(KEY, { caller: CALLER, args: {}, subscriber }, resolve);
	});

describe('actors of a cluster', () => {
	test('[P20] [N11] calls that wait for the owner reach it in their order', async () => {
		const local = new NotedActors();
		const actors = node('1', local);
		for (const n of [1, 2, 3]) void ask(actors, 'do', n);
		expect(local.commands).toEqual([]);
		await settled();
		void ask(actors, 'do', 4);
		expect(local.commands).toEqual(['do 1', 'do 2', 'do 3', 'do 4']);
		expect(claims.claimed).toEqual([KEY]);
	});

	test('[N9] what was never written gets no owner, unless the call may create it', async () => {
		written = false;
		const local = new NotedActors();
		const actors = node('1', local);
		const refused = ask(actors, 'do', 1);
		void ask(actors, 'make', 2);
		void ask(actors, 'do', 3);
		expect(await refused).toMatchObject({ code: 'NOT_FOUND' });
		await settled();
		expect(local.commands).toEqual(['make 2', 'do 3']);

		claims.owners.clear();
		claims.claimed.length = 0;
		expect(await ask(actors, 'do', 4)).toMatchObject({ code: 'NOT_FOUND' });
		expect(claims.claimed).toEqual([]);
	});

	test('[N10] a node that may not serve answers MOVED, also to what it took before', async () => {
		claims.owners.set(KEY, '1');
		const local = new NotedActors();
		const actors = node('1', local);
		const asked = ask(actors, 'do', 1);
		mayServe = false;
		local.answers[0]?.({ ok: true, reply: 'from before' });
		expect(await asked).toMatchObject({ ok: false, code: 'MOVED' });
		expect(await ask(actors, 'do', 2)).toMatchObject({ ok: false, code: 'MOVED' });
		expect(local.commands).toEqual(['do 1']);
	});

	test('[P1] another node is asked, and what it tells is heard once', async () => {
		claims.owners.set(KEY, '1');
		const owner = new NotedActors();
		node('1', owner);
		const edge = node('2', new NotedActors());
		const ear = new Ear();
		const opened = open(edge, ear);
		wire.pass();
		expect(await opened).toEqual(owner.openAnswer);
		const [request] = owner.opened;
		request?.subscriber.committed({ position: 2, writer: 'w', told: [] });
		request?.subscriber.committed({ position: 3, writer: 'w', told: [] });
		wire.pass();
		expect(ear.heard).toEqual([2, 3]);
	});

	test('[N14] a broken link answers what was asked, in its order, and closes what was heard', async () => {
		claims.owners.set(KEY, '1');
		const owner = new NotedActors();
		node('1', owner);
		const edge = node('2', new NotedActors());
		const ear = new Ear();
		void open(edge, ear);
		wire.pass();
		const answers: string[] = [];
		for (const n of [1, 2]) {
			void ask(edge, 'do', n).then((answer) => {
				answers.push(`${n} ${answer.ok ? 'ok' : answer.code}`);
			});
		}
		wire.pass();
		wire.cut();
		await settled();
		expect(answers).toEqual(['1 MOVED', '2 MOVED']);
		expect(ear.closings).toBe(1);
		expect(owner.unsubscribed).toEqual([owner.opened[0]?.subscriber]);

		// What the old session still brings is for nobody.
		owner.answers[0]?.({ ok: true, reply: 1 });
		owner.opened[0]?.subscriber.committed({ position: 9, writer: 'w', told: [] });
		wire.pass();
		expect(ear.heard).toEqual([]);
	});

	test('whoever is refused leaves nothing at either node', async () => {
		claims.owners.set(KEY, '1');
		const owner = new NotedActors();
		owner.openAnswer = { ok: false, code: 'FORBIDDEN' };
		node('1', owner);
		const edge = node('2', new NotedActors());
		const ear = new Ear();
		const opened = open(edge, ear);
		wire.pass();
		expect(await opened).toMatchObject({ code: 'FORBIDDEN' });
		wire.pass();
		expect(owner.unsubscribed).toEqual([owner.opened[0]?.subscriber]);
		wire.cut();
		expect(ear.closings).toBe(0);
	});

	test('[N9] a node that is asked for what another one owns says so', async () => {
		claims.owners.set(KEY, '1');
		const local = new NotedActors();
		node('1', local);
		const edge = node('2', new NotedActors());
		const asked = ask(edge, 'do', 1);
		claims.owners.set(KEY, '3');
		wire.pass();
		await settled();
		wire.pass();
		expect(await asked).toMatchObject({ code: 'MOVED' });
		expect(local.commands).toEqual([]);
	});
});
