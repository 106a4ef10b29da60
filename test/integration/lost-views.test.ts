import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { until, World } from '../support/world.ts';

const MESSAGES = 400;

const world = new World();
afterEach(() => world.end());

test('[P13][C6] the read side is derived: when its file is lost, history comes back from the journal', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	const ann = world.device(first.url, 'ann');
	const bob = world.device(first.url, 'bob');
	for (const { naru } of [ann, bob]) await naru.channel('lobby').join();
	const sending: Promise<unknown>[] = [];
	for (let n = 1; n <= MESSAGES; n++) {
		sending.push(ann.naru.channel('lobby').send(`m${n}`, { clientId: `c${n}` }));
		if (n % 50 === 0) await Promise.all(sending);
	}
	await ann.naru.channel('lobby').edit(7, 'edited');
	await ann.naru.channel('lobby').delete(8);
	await bob.naru.channel('lobby').react(9, '👍');
	const before = await bob.naru.channel('lobby').history({ after: 0, limit: 200 });
	await first.kill();
	for (const name of readdirSync(directory)) {
		if (name.startsWith('views.db')) rmSync(join(directory, name));
	}
	await world.process({ directory, port: first.port });
	await Promise.all([ann.comeBack(), bob.comeBack()]);
	const { seq } = await ann.naru.channel('lobby').send('after');
	expect(seq).toBe(MESSAGES + 1);
	expect(await bob.naru.channel('lobby').history({ after: 0, limit: 200 })).toEqual(before);
	const again = await ann.naru.channel('lobby').send('m5', { clientId: 'c5' });
	expect(again.seq).toBe(5);
	await until(() => bob.naru.channel('lobby').messages.at(-1)?.text === 'after');
	const { channels } = await bob.naru.channels.list();
	expect(channels).toMatchObject([{ id: 'lobby', lastSeq: MESSAGES + 1, unread: MESSAGES }]);
});
