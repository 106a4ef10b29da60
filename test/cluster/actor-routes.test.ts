import { expect, test } from 'vitest';
import { ActorRoutes } from '../../src/cluster/actor-routes.ts';
import { DirectoryError } from '../../src/cluster/directory-error.ts';
import type { Log } from '../../src/core/log.ts';

function routesThatFailWith(error: Error) {
	const warnings: string[] = [];
	const ignore = () => {};
	const log: Log = {
		debug: ignore,
		info: ignore,
		warn: (_, message) => void warnings.push(message),
		error: ignore,
	};
	const fail = () => Promise.reject(error);
	const finding = { known: () => undefined, lookUp: fail, claim: fail };
	const routes = new ActorRoutes({ finding, journal: { head: fail }, log });
	const refused = () =>
		new Promise((refuse) => {
			routes.to('channel/lobby', { creates: true, run: () => refuse('run'), refuse });
		});
	return { refused, warnings };
}

test('[P22] while the directory is away calls are refused, and the log is not filled with them', async () => {
	const { refused, warnings } = routesThatFailWith(new DirectoryError('Redis is not there'));
	expect(await refused()).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
	expect(warnings).toEqual([]);
});

test('what else keeps an owner from being found is told', async () => {
	const { refused, warnings } = routesThatFailWith(new Error('no journal'));
	expect(await refused()).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
	expect(warnings).toEqual(['the owner could not be found']);
});
