/**
 * Nodes talk over a relay that loses, doubles, delays, reorders and parts, and are held up at times.
 * Each message says which session of its sender it belongs to and its place in it.
 */
import { expect, test } from 'vitest';
import { readPacket } from '../../src/cluster/link-packet.ts';
import { seeded } from '../support/seeded.ts';
import { type LinkNode, LinkWorld } from './support/link-world.ts';

const RUNS = 150;
const STEPS = 120;
const BYTES_WAITING_MAX = 3 * 1024 * 1024;
const LONGEST_BYTES = 700_000;

interface Told {
	/** How many downs of this peer the sender had seen. */
	readonly session: number;
	readonly place: number;
	readonly length: number;
}

function compose({ session, place, length }: Told): Uint8Array {
	const bytes = new Uint8Array(12 + length).fill((session * 7 + place) & 255, 12);
	const view = new DataView(bytes.buffer);
	for (const [index, value] of [session, place, length].entries()) view.setUint32(index * 4, value);
	return bytes;
}

function parse(bytes: Uint8Array): Told {
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	const told = { session: view.getUint32(0), place: view.getUint32(4), length: view.getUint32(8) };
	expect(Buffer.compare(bytes, compose(told))).toBe(0);
	return told;
}

/** Sends to a peer, with session and place in each message. */
class Talker {
	readonly #node: LinkNode;
	readonly #peer: LinkNode;
	readonly sent: Told[] = [];

	constructor(node: LinkNode, peer: LinkNode) {
		this.#node = node;
		this.#peer = peer;
	}

	get session(): number {
		return this.#node.seen(this.#peer.id).filter((each) => each === 'down').length;
	}

	send(length: number): void {
		const { session } = this;
		const place = this.sent.filter((told) => told.session === session).length;
		const told = { session, place, length };
		this.sent.push(told);
		this.#node.links.send(this.#peer.id, compose(told));
	}

	/** What the peer heard, parted at its downs. */
	heard(): Told[][] {
		const sessions: Told[][] = [[]];
		for (const each of this.#peer.seen(this.#node.id)) {
			if (each === 'down') sessions.push([]);
			else sessions.at(-1)?.push(parse(each));
		}
		return sessions;
	}

	/** Each session of the peer holds the beginning of one of ours, in order, once; none comes twice. */
	check(): void {
		let newest = -1;
		for (const heard of this.heard()) {
			const [first] = heard;
			if (first === undefined) continue;
			expect(first.session).toBeGreaterThan(newest);
			newest = first.session;
			expect(heard.map(({ session }) => session)).toEqual(heard.map(() => newest));
			expect(heard.map(({ place }) => place)).toEqual(heard.map((_, index) => index));
		}
	}
}

function openStage(seed: number) {
	const chance = seeded(seed);
	const world = new LinkWorld({ bytesWaitingMax: BYTES_WAITING_MAX });
	const nodes = ['1', '2', '3'].map((id) => world.node(id));
	const talkers = nodes.flatMap((node) =>
		nodes.filter((peer) => peer !== node).map((peer) => new Talker(node, peer)),
	);
	const pick = <T>(items: readonly T[]): T => items[Math.floor(chance() * items.length)] as T;
	return { chance, world, nodes, talkers, pick };
}

type Stage = ReturnType<typeof openStage>;

/** Loss, copies and delays of up to `delayMaxMs` on every way. */
function disturb({ chance, world }: Stage, lossRate: number, delayMaxMs: number): void {
	world.bus.faults = () => {
		if (chance() < lossRate) return [];
		const copies = chance() < lossRate ? 2 : 1;
		return Array.from({ length: copies }, () => Math.floor(chance() * delayMaxMs));
	};
}

function part({ chance, world, pick, nodes }: Stage): void {
	const [one, other] = [pick(nodes).id, pick(nodes).id];
	const isOneWay = chance() < 0.5;
	const before = world.bus.faults;
	world.bus.faults = (passage) => {
		const isCut =
			(passage.from === one && passage.to === other) ||
			(!isOneWay && passage.from === other && passage.to === one);
		return isCut ? [] : (before?.(passage) ?? [0]);
	};
}

const sizeOf = ({ chance }: Stage) =>
	chance() < 0.05 ? Math.floor(chance() * LONGEST_BYTES) : Math.floor(chance() * 300);

function step(stage: Stage): void {
	const { chance, world, nodes, talkers, pick } = stage;
	const dice = chance();
	if (dice < 0.5) pick(talkers).send(sizeOf(stage));
	else if (dice < 0.56) disturb(stage, chance() * 0.4, chance() * 400);
	else if (dice < 0.6) part(stage);
	else if (dice < 0.66) world.bus.faults = undefined;
	else if (dice < 0.7) pick(nodes).held.hold();
	else if (dice < 0.8) pick(nodes).held.goOn(pick(['timer', 'message']));
	else if (dice < 0.84) pick(nodes).relay.setConnected(chance() < 0.5);
	else if (dice < 0.86) pick(nodes).links.forget(pick(nodes).id);
	else world.runtime.advance(Math.floor(chance() * (chance() < 0.2 ? 5_000 : 300)));
	for (const { links } of nodes) {
		expect(links.linkFigures().bytesWaiting).toBeLessThanOrEqual(BYTES_WAITING_MAX);
	}
}

/** All is well again: whoever talks now is heard, wholly, in one session. */
function heal({ world, nodes, talkers }: Stage): void {
	world.bus.faults = undefined;
	for (const node of nodes) {
		node.held.goOn();
		node.relay.setConnected(true);
	}
	world.runtime.advance(10_000);
	for (const talker of talkers) talker.send(10);
	world.runtime.advance(2_000);
	for (const talker of talkers) {
		const { session } = talker;
		const mine = talker.sent.filter((told) => told.session === session);
		expect(talker.heard().at(-1)).toEqual(mine);
	}
}

test.each(Array.from({ length: RUNS }, (_, seed) => seed))(
	'each session is heard in order, once, and ends on both sides (seed %d)',
	(seed) => {
		const stage = openStage(seed);
		for (let n = 0; n < STEPS; n++) step(stage);
		heal(stage);
		for (const talker of stage.talkers) talker.check();
		expect(stage.world.errors).toEqual([]);
	},
);

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
	'loss, copies and reordering alone end no session and lose nothing (seed %d)',
	(seed) => {
		const stage = openStage(seed);
		disturb(stage, 0.1, 60);
		for (let n = 0; n < 200; n++) {
			stage.pick(stage.talkers).send(sizeOf(stage));
			if (stage.chance() < 0.5) stage.world.runtime.advance(Math.floor(stage.chance() * 40));
		}
		stage.world.runtime.advance(5_000);
		for (const talker of stage.talkers) expect(talker.heard()).toEqual([talker.sent]);
		for (const { links } of stage.nodes) {
			expect(links.linkFigures()).toMatchObject({ downs: 0, unreadable: 0, bytesWaiting: 0 });
		}
	},
);

test('packets that were changed on the way are counted, or are of no session; nothing breaks', () => {
	const chance = seeded(1);
	const world = new LinkWorld();
	const [one, two] = [world.node('1'), world.node('2')];
	let unreadable = 0;
	world.bus.faults = ({ bytes }) => {
		bytes[Math.floor(chance() * 37)] = Math.floor(chance() * 256);
		if (readPacket(bytes) === undefined) unreadable++;
		return [0];
	};
	for (let n = 0; n < 500; n++) {
		one.links.send('2', Uint8Array.of(n & 255));
		two.links.send('1', Uint8Array.of(n & 255));
		world.runtime.advance(50);
	}
	const counted = [one, two].map(({ links }) => links.linkFigures().unreadable);
	expect(counted.reduce((sum, each) => sum + each)).toBe(unreadable);
	expect(unreadable).toBeGreaterThan(20);
	expect(world.errors).toEqual([]);
});
