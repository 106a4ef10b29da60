import { afterEach, expect, test } from 'vitest';
import { GATEWAY_LIMITS } from '../../src/gateway/gateway-limits.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import { OP } from '../../src/protocol/frames.ts';
import { metrics, until, World } from '../support/world.ts';

const MB = 1024 * 1024;
const TEXT = '나루'.repeat(20_000);
/** About 24 MB for each reader, 480 MB for all that stall. */
const MESSAGES = 200;
const STALLED = 20;
const GROWTH_MAX = 250 * MB;

const world = new World();
afterEach(() => world.end());

test('[P3] readers that stop reading cost bounded memory, harm nobody, and recover', {
	timeout: 60_000,
}, async () => {
	// So that garbage that nobody has collected yet is not taken for memory in use.
	const env = { NODE_OPTIONS: '--max-old-space-size=128' };
	const server = await world.process({ directory: world.directory(), env });
	const { url } = server;
	const ann = world.device(url, 'ann');
	const lobby = ann.naru.channel('lobby');
	await lobby.join();
	const well = world.device(url, 'bob');
	const heard: number[] = [];
	well.naru.channel('lobby').on('message', ({ seq }) => heard.push(seq));
	await well.naru.channel('lobby').open();
	const hung = world.device(url, 'cid');
	const seqs: number[] = [];
	const ways: string[] = [];
	hung.naru.channel('lobby').on('message', ({ seq }) => seqs.push(seq));
	hung.naru.channel('lobby').on('reset', () => ways.push('reset'));
	await hung.naru.channel('lobby').open();
	hung.naru.on('status', ({ status, code }) => ways.push(`${status} ${code ?? ''}`));
	for (let index = 0; index < STALLED; index++) {
		const raw = await world.frames(url, `stalled-${index}`, { keep: false });
		raw.send(1, OP.open, { kind: 'channel', id: 'lobby' });
		await until(() => raw.socket.readyState === 1);
		raw.socket.pause();
	}
	await until(async () => (await metrics(url))('naru_handles') >= STALLED + 3);
	hung.hang();

	const before = (await metrics(url))('process_resident_memory_bytes');
	let queuedMax = 0;
	let residentMax = 0;
	for (let n = 1; n <= MESSAGES; n++) {
		await lobby.send(`${n} ${TEXT}`);
		if (n % 10 !== 0) continue;
		const read = await metrics(url);
		queuedMax = Math.max(queuedMax, read('naru_bytes_queued'));
		residentMax = Math.max(residentMax, read('process_resident_memory_bytes'));
	}
	await until(() => heard.length === MESSAGES);
	expect(heard).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1));
	expect(ann.naru.stats.sockets + well.naru.stats.sockets).toBe(2);
	expect(queuedMax).toBeGreaterThan(0);
	expect(queuedMax).toBeLessThan((STALLED + 1) * 2 * GATEWAY_LIMITS.dataBytesMax);
	expect(residentMax - before).toBeLessThan(GROWTH_MAX);

	hung.unhang();
	const channel = hung.naru.channel('lobby');
	await until(() => channel.messages.at(-1)?.seq === MESSAGES);
	// Everything in order, or a fresh state with a marker, or a new socket: never a silent gap.
	const isComplete = seqs.length === MESSAGES;
	const isTold = ways.some((way) => way === 'reset' || way.includes(String(CLOSE.slow.code)));
	expect(isComplete || isTold).toBe(true);
	expect(seqs).toEqual([...seqs].sort((one, other) => one - other));
	const { seq } = await lobby.send('after');
	await until(() => channel.messages.at(-1)?.seq === seq);
});
