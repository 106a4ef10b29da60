import { describe, expect, test } from 'vitest';
import { CoreBench } from '../support/core-bench.ts';

const KEY = 'counter/one';

describe('actor host', () => {
	test('[P10] commands run one after another and are answered with what they came to', async () => {
		const bench = new CoreBench();
		const answers = [1, 2, 3].map((by) => bench.post(KEY, ['add', { by }]));
		await bench.runtime.advance(100);
		expect(answers.flat()).toEqual([1, 3, 6].map((total) => ({ ok: true, reply: { total } })));
		expect(await bench.journal.head(KEY)).toMatchObject({ commit: 1, position: 3 });
	});

	test('[P11] a key without a journal answers NOT_FOUND and nothing is written', async () => {
		const bench = new CoreBench();
		expect((await bench.open(KEY)).answer).toMatchObject({ ok: false, code: 'NOT_FOUND' });
		expect(await bench.send(KEY, ['total', {}])).toMatchObject({ ok: false, code: 'NOT_FOUND' });
		expect(await bench.journal.head(KEY)).toBeUndefined();
	});

	test('[P13] an actor comes back as it was, behind an activation commit of its own', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 5 }]);
		await first.close();
		const second = new CoreBench({ shared: first });
		expect((await second.open(KEY)).answer).toMatchObject({
			ok: true,
			position: 1,
			view: { total: 5 },
		});
		expect(await second.journal.head(KEY)).toMatchObject({ commit: 2, position: 1 });
	});

	test('[P12] the second owner takes over, the first is fenced and told nobody anything', async () => {
		const first = new CoreBench();
		const { ear } = await (async () => {
			await first.send(KEY, ['add', { by: 1 }]);
			return first.open(KEY);
		})();
		const second = new CoreBench({ shared: first });
		expect(await second.send(KEY, ['add', { by: 2 }])).toMatchObject({ reply: { total: 3 } });
		expect(await first.send(KEY, ['add', { by: 10 }])).toMatchObject({ ok: false, code: 'MOVED' });
		expect(ear.told).toEqual([]);
		expect(ear.closings).toBe(1);
		expect(await second.send(KEY, ['total', {}])).toMatchObject({ reply: { total: 3 } });
	});
});
