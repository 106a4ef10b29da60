import { afterEach, expect, test } from 'vitest';
import { OP } from '../../src/protocol/frames.ts';
import { openedOf } from '../support/frame-client.ts';
import { metrics, World } from '../support/world.ts';

const LOBBY = { kind: 'channel', id: 'lobby' };
const JOIN = { ...LOBBY, with: { name: 'join', args: {}, requestId: 'j' } };

const world = new World();
afterEach(() => world.end());

/** How the openings of a node were answered. */
async function ways(url: string) {
	const total = await metrics(url);
	return {
		ring: total('naru_ring_resumes_total'),
		resumes: total('naru_resumes_total'),
		resyncs: total('naru_resyncs_total'),
	};
}

test('[P41] an opening is counted once: by the edge that answered it, or by the owner', async () => {
	const directory = world.directory();
	const first = await world.server({ directory });
	const ann = await world.frames(first.url, 'ann');
	const { position, writer } = openedOf(await ann.open(1, JOIN));
	const resume = { ...LOBBY, resume: [position, writer] as [number, string] };
	await ann.command(1, 1, 'send', { text: 'missed' }, 's');
	const other = await world.frames(first.url, 'ann');
	expect(await other.open(1, resume)).toMatchObject({ op: OP.resume });
	expect(await ways(first.url)).toEqual({ ring: 1, resumes: 0, resyncs: 0 });
	await first.close();

	const second = await world.server({ directory });
	const again = await world.frames(second.url, 'ann');
	expect(await again.open(1, resume)).toMatchObject({ op: OP.resume });
	expect(await ways(second.url)).toEqual({ ring: 0, resumes: 1, resyncs: 0 });
	const stranger = await world.frames(second.url, 'bob');
	const foreign = { ...LOBBY, resume: [position, 'another-history'] as [number, string] };
	expect(await stranger.open(1, foreign)).toMatchObject({ op: OP.reset });
	expect(await ways(second.url)).toEqual({ ring: 0, resumes: 1, resyncs: 1 });
});

test('[P41] a refusal is counted once for the client that was told, and once for the owner that refused', async () => {
	const server = await world.server();
	const ann = await world.frames(server.url, 'ann');
	await ann.open(1, JOIN);
	await ann.command(1, 1, 'edit', { seq: 99, text: 'x' }, 'e');
	await ann.command(1, 2, 'shout', {}, 'i');
	const total = await metrics(server.url);
	expect(total('naru_commands_refused_total'), 'the gateway refused the other').toBe(1);
	expect(total('naru_errors_total')).toBe(2);
});
