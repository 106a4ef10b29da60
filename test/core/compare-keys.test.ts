import fc from 'fast-check';
import { expect, test } from 'vitest';
import { channelKind } from '../../actors/channel/channel-kind.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { compareText } from '../../src/core/compare-keys.ts';
import type { Collection, RowWrite } from '../../src/core/store.ts';
import { Unprojected } from '../../src/core/unprojected.ts';
import { modelPage, modelRows } from '../contract/store/page-model.ts';
import { CoreBench } from '../support/core-bench.ts';

/** By UTF-16 units the surrogates of the emoji would come before U+E000 and the wide exclamation mark. */
const EMOJIS = ['!', '❤', '\uE000', '！', '👍', '🎉', '👍🏽'];

const VOTES: Collection = {
	name: 'votes',
	key: [
		{ name: 'seq', type: 'int' },
		{ name: 'emoji', type: 'text' },
	],
};

test('[H18] text is ordered by code points, as stores order its UTF-8', () => {
	const text = fc.string({ unit: fc.constantFrom(...EMOJIS, 'a', '\0') });
	fc.assert(
		fc.property(text, text, (one, other) => {
			const bytes = Buffer.compare(Buffer.from(one), Buffer.from(other));
			expect(Math.sign(compareText(one, other))).toBe(bytes);
		}),
	);
});

const key = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(...EMOJIS));

test('[H18] a page with emoji keys is the same, whatever part of it the store has', async () => {
	const drawn = fc.record({
		keys: fc.uniqueArray(key, { maxLength: 15, selector: (one) => one.join() }),
		stored: fc.nat(15),
		after: fc.option(key, { nil: undefined }),
		before: fc.option(key, { nil: undefined }),
		descending: fc.boolean(),
		limit: fc.integer({ min: 1, max: 6 }),
	});
	const property = fc.asyncProperty(drawn, async ({ keys, stored, after, before, ...rest }) => {
		const events = keys.map((one, n) => {
			const row: RowWrite = { op: 'put', collection: 'votes', key: one, doc: {} };
			return { position: n + 1, rows: [row] };
		});
		const store = new MemoryStore([VOTES]);
		const commit = {
			actor: 'poll/one',
			position: stored,
			events: events.slice(0, stored),
		} as const;
		await store.project([commit]);
		const unprojected = new Unprojected();
		for (const event of events.slice(stored)) unprojected.push(event);
		const bounds = { ...(after && { after }), ...(before && { before }) };
		const query = { collection: 'votes', prefix: [], ...bounds, ...rest };
		const page = await unprojected.over(store).page(query);
		const model = modelRows(
			keys.map((one) => ({ key: one, doc: {} })),
			query,
		);
		expect({ keys: page.rows.map((row) => row.key), more: page.more }).toEqual(
			modelPage(model, query),
		);
	});
	await fc.assert(property, { numRuns: 300 });
});

test('[C9] [H18] own reactions come in one order, in the store or not yet', async () => {
	const bench = new CoreBench({ kinds: [channelKind as unknown as ActorKind] });
	bench.storeHooks.project = () => Promise.reject(new Error('away'));
	const channel = 'channel/general';
	await bench.send(channel, ['join', {}]);
	await bench.send(channel, ['send', { text: 'hello' }]);
	for (const emoji of EMOJIS.toReversed()) {
		const answer = await bench.send(channel, ['react', { seq: 1, emoji, on: true }]);
		expect(answer).toMatchObject({ ok: true });
	}
	const mine = async () => {
		const answer = await bench.send(channel, ['history', { limit: 10 }]);
		return (answer as { reply: { messages: { mine: string[] }[] } }).reply.messages[0]?.mine;
	};
	const before = await mine();
	const ordered = EMOJIS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
	expect(before).toEqual(ordered);
	delete bench.storeHooks.project;
	await bench.runtime.advance(30_000);
	expect(bench.system.projector.backlog).toBe(0);
	expect(await mine()).toEqual(before);
});
