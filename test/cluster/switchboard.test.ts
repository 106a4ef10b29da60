import { describe, expect, test } from 'vitest';
import { Switchboard } from '../../src/cluster/switchboard.ts';
import { SILENT } from '../../src/core/log.ts';
import { LinkWorld } from './support/link-world.ts';

/** Two nodes; the second throws at what is called `bad`. */
async function talking() {
	const world = new LinkWorld();
	const heard: unknown[] = [];
	const downs: string[] = [];
	const [one, other] = ['1', '2'].map((id) => {
		const switchboard = new Switchboard(world.node(id).links, SILENT);
		switchboard.onDown((peer) => downs.push(`${id}: ${peer} at ${world.runtime.now() - start}`));
		switchboard.handle('told', (_from, [what]) => {
			if (what === 'bad') throw new Error('cannot be taken');
			heard.push(what);
		});
		return switchboard;
	}) as [Switchboard, Switchboard];
	const start = world.runtime.now();
	one.send('2', 'told', 'first');
	await world.runtime.advance(100);
	const tell = (...whats: string[]) => {
		for (const what of whats) one.send('2', 'told', what);
	};
	return { world, one, other, heard, downs, tell };
}

describe('switchboard', () => {
	test('[N13][N14] what cannot be taken ends the session, and nothing behind it comes', async () => {
		const { world, heard, downs, tell } = await talking();
		tell('second', 'bad', 'lost with it');
		await world.runtime.advance(100);
		expect(heard).toEqual(['first', 'second']);
		expect(downs.sort()).toEqual(['1: 2 at 100', '2: 1 at 100']);
		tell('of the next session');
		await world.runtime.advance(100);
		expect(heard.at(-1)).toBe('of the next session');
	});

	test('[N13] what fails again and again ends a session a second, and the last one too', async () => {
		const { world, heard, downs, tell } = await talking();
		for (let times = 0; times < 50; times++) {
			tell('bad', `${times}`);
			await world.runtime.advance(50);
		}
		await world.runtime.advance(2_000);
		const ends = downs.filter((line) => line.startsWith('2: '));
		expect(ends.length).toBeGreaterThan(2);
		expect(ends.length).toBeLessThan(5);
		const before = ends.length;
		tell('good');
		await world.runtime.advance(2_000);
		expect(heard.at(-1)).toBe('good');
		expect(downs.filter((line) => line.startsWith('2: '))).toHaveLength(before);
	});

	test('[P21] a name that is not known is passed over', async () => {
		const { world, one, heard, downs, tell } = await talking();
		one.send('2', 'of a later release', 1);
		tell('second');
		await world.runtime.advance(100);
		expect([heard, downs]).toEqual([['first', 'second'], []]);
	});
});
