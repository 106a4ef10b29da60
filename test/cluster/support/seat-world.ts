import { ClusterSeats } from '../../../src/cluster/cluster-seats.ts';
import { RelayLinks } from '../../../src/cluster/links.ts';
import { Switchboard } from '../../../src/cluster/switchboard.ts';
import { SILENT } from '../../../src/core/log.ts';
import type { Seat, SeatHost } from '../../../src/gateway/ports.ts';
import type { ErrorCode } from '../../../src/protocol/errors.ts';
import { relayOf } from '../node-runtime.ts';
import { type TestNode, TestNodes } from '../test-nodes.ts';
import { PlainRooms } from './plain-rooms.ts';

/** A node as far as rooms and their seats are concerned. */
export interface SeatNode extends TestNode {
	readonly rooms: PlainRooms;
	readonly seats: ClusterSeats;
	/** Names of the messages that came over its links. */
	readonly came: string[];
}

function seatNode(node: TestNode): SeatNode {
	const { id, runtime, membership, placement } = node;
	const relay = relayOf(node.relay, runtime);
	const links = new RelayLinks({ self: id, relay, runtime, log: SILENT, subjectPrefix: 'links' });
	membership.onChange(({ gone }) => {
		for (const peer of gone) links.forget(peer);
	});
	const came: string[] = [];
	const switchboard = new Switchboard(links, SILENT);
	const { handle } = switchboard;
	switchboard.handle = (name, handler) =>
		handle.call(switchboard, name, (from, args) => {
			came.push(name);
			handler(from, args);
		});
	const local = new PlainRooms();
	const parts = { local, membership, placement, switchboard, runtime, log: SILENT };
	return Object.assign(node, { rooms: local, seats: new ClusterSeats(parts), came });
}

/** A client on a seat: what it heard, in order. */
export class Sitter {
	readonly heard: string[] = [];
	/** The objects that it was handed, to compare with those of others. */
	readonly bytes: Uint8Array[] = [];
	bytesQueued = 0;
	answer: Awaited<ReturnType<SeatHost['open']>> | undefined;

	get seat(): Seat {
		if (this.answer?.ok !== true) throw new Error('not seated');
		return this.answer.seat;
	}

	get refused(): ErrorCode | undefined {
		return this.answer?.ok === false ? this.answer.code : undefined;
	}

	say(text: string): void {
		this.seat.receive(Buffer.from(text));
	}
}

/** Several nodes with rooms, in virtual time, over a relay that may be broken. */
export class SeatWorld {
	readonly nodes: readonly SeatNode[];
	readonly #world: TestNodes;

	private constructor(world: TestNodes, nodes: readonly SeatNode[]) {
		this.#world = world;
		this.nodes = nodes;
	}

	static async of(count: number): Promise<SeatWorld> {
		const { world, nodes } = await TestNodes.settled(count);
		return new SeatWorld(world, nodes.map(seatNode));
	}

	get bus(): TestNodes['bus'] {
		return this.#world.bus;
	}

	pass(ms = 20): Promise<void> {
		return this.#world.pass(ms);
	}

	node(at: number): SeatNode {
		const node = this.nodes[at];
		if (node === undefined) throw new Error(`there is no node ${at}`);
		return node;
	}

	/** Asks for a seat at a node; what comes of it is seen as time passes. */
	sit(at: number, userId: string, { id = 'one', token }: { id?: string; token?: string } = {}) {
		const sitter = new Sitter();
		const request = {
			kind: 'table',
			id,
			args: { of: userId },
			identity: { userId, roles: [] },
			reconnectionToken: token,
			send: (bytes: Uint8Array) => {
				sitter.bytes.push(bytes);
				sitter.heard.push(Buffer.from(bytes).toString());
			},
			closed: (code: number, reason: string) => sitter.heard.push(`closed ${code} ${reason}`),
			moved: () => sitter.heard.push('moved'),
			bytesQueued: () => sitter.bytesQueued,
		};
		void this.node(at)
			.seats.open(request)
			.then((answer) => {
				sitter.answer = answer;
			});
		return sitter;
	}
}
