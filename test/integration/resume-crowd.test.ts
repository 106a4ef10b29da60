import { afterEach, expect, test } from 'vitest';
import { signToken } from '../../src/gateway/auth/sign-token.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { Data, Opened, Resume, Resumed, WireEvent } from '../../src/protocol/wire.ts';
import type { NaruServer } from '../../src/server.ts';
import { FrameClient, type ReceivedFrame } from '../support/frame-client.ts';
import { metrics, socketUrl, until, World } from '../support/world.ts';

const CLIENTS = 1_000;
const AT_ONCE = 100;
const MISSED = 200;
const SECRET = 'a secret of this test, of at least 32 characters';
const CHANNEL = { kind: 'channel', id: 'lobby', args: { last: 0 } };

const world = new World();
afterEach(() => world.end());

/** A member that knows only where it stands, and whether what it hears follows. */
class Member {
	readonly #url: string;
	readonly #token: string;
	#client: FrameClient | undefined;
	#resume: Resume = [0, ''];
	how: number | undefined;
	heard = 0;
	gaps = 0;

	constructor(url: string, token: string) {
		this.#url = url;
		this.#token = token;
	}

	async open(resume?: Resume): Promise<void> {
		this.how = undefined;
		const onFrame = (frame: ReceivedFrame) => this.#take(frame);
		this.#client = await FrameClient.connect(this.#url, this.#token, { keep: false, onFrame });
		this.#client.send(1, OP.open, resume === undefined ? CHANNEL : { ...CHANNEL, resume });
	}

	comeBack(): Promise<void> {
		return this.open(this.#resume);
	}

	cut(): void {
		this.#client?.socket.terminate();
	}

	#take({ op, payload }: ReceivedFrame): void {
		if (op === OP.opened || op === OP.reset || op === OP.resume) {
			const { position, writer } = payload as Opened;
			this.how = op;
			this.#resume = [position, writer];
			if (op === OP.resume) this.#hear((payload as Resumed).events);
		} else if (op === OP.data) {
			const { p, e, w } = payload as Data;
			this.#resume = [p, w ?? this.#resume[1]];
			this.#hear(e);
		}
	}

	#hear(events: readonly WireEvent[]): void {
		for (const [type, data] of events) {
			if (type !== 'message') continue;
			const { seq } = data as { seq: number };
			this.heard++;
			if (seq !== this.heard) this.gaps++;
		}
	}
}

async function crowd(server: NaruServer): Promise<Member[]> {
	const members: Member[] = [];
	for (let first = 0; first < CLIENTS; first += AT_ONCE) {
		const some = Array.from({ length: AT_ONCE }, async (_, index) => {
			const token = await signToken({ secret: SECRET, userId: `u${first + index}` });
			const member = new Member(socketUrl(server.url), token);
			members.push(member);
			world.later(() => member.cut());
			await member.open();
		});
		await Promise.all(some);
	}
	await until(() => members.every(({ how }) => how === OP.opened));
	return members;
}

test(`[P2][C7] ${CLIENTS} cut clients get the ${MISSED} messages that each missed, once and in order, without a read of the store`, {
	timeout: 60_000,
}, async () => {
	const server = await world.server({ env: { AUTH_SECRET: SECRET } });
	const speaker = await world.frames(server.url, 'speaker');
	await speaker.open(1, { ...CHANNEL, with: { name: 'join', args: {}, requestId: 'j' } });
	const members = await crowd(server);
	for (const member of members) member.cut();
	await until(() => server.gateway.connections().sockets === 1);
	for (let n = 1; n <= MISSED; n++) {
		expect((await speaker.command(1, n, 'send', { text: `m${n}` }, `r${n}`))[2]).toBeUndefined();
	}
	await server.actors.settle();
	const reads = (await metrics(server.url))('naru_store_reads_total');
	for (let first = 0; first < CLIENTS; first += AT_ONCE) {
		await Promise.all(members.slice(first, first + AT_ONCE).map((member) => member.comeBack()));
	}
	await until(() => members.every(({ heard }) => heard >= MISSED));
	expect((await metrics(server.url))('naru_store_reads_total')).toBe(reads);
	expect(members.map(({ how }) => how)).toEqual(members.map(() => OP.resume));
	expect(members.filter(({ heard, gaps }) => heard !== MISSED || gaps > 0)).toEqual([]);
});
