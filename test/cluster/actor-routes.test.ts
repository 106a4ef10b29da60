import { expect, test } from 'vitest';
import { ActorRoutes } from '../../src/cluster/actor-routes.ts';
import { DirectoryError } from '../../src/cluster/directory-error.ts';
import { type Log, SILENT } from '../../src/core/log.ts';

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
	const finding = { known: () => undefined, lookUp: fail, claim: fail, mayOwn: () => true };
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

test('[P22] nor while the store is away', async () => {
	const away = Object.assign(new Error('the store does not answer'), { code: 'UNAVAILABLE' });
	const { refused, warnings } = routesThatFailWith(away);
	expect(await refused()).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
	expect(warnings).toEqual([]);
});

test('a call that throws keeps none of the others from the owner', async () => {
	const errors: string[] = [];
	const log: Log = { ...SILENT, error: (_, message) => void errors.push(message) };
	const owner = async () => '1';
	const finding = { known: () => undefined, lookUp: owner, claim: owner, mayOwn: () => true };
	const routes = new ActorRoutes({ finding, journal: { head: async () => undefined }, log });
	const reached = new Promise((run) => {
		const broken = () => {
			throw new Error('a bug');
		};
		routes.to('channel/lobby', { creates: true, run: broken, refuse: () => {} });
		routes.to('channel/lobby', { creates: true, run, refuse: () => {} });
	});
	expect(await reached).toBe('1');
	expect(errors).toEqual(['a call to an owner threw']);
});

test('what else keeps an owner from being found is told', async () => {
	const { refused, warnings } = routesThatFailWith(new Error('no journal'));
	expect(await refused()).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
	expect(warnings).toEqual(['the owner could not be found']);
});
