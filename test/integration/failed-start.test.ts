import { afterEach, expect, test } from 'vitest';
import { World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

test('a start that fails leaves nothing open: its data directory can be used at once', async () => {
	const first = await world.server();
	const directory = world.directory();
	// Only one of a process may run Colyseus, which is started when the storage is open.
	await expect(world.server({ directory })).rejects.toThrow('Colyseus');
	await first.close();
	const second = await world.server({ directory });
	expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
});
