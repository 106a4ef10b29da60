import { expect, test } from 'vitest';
import { openService } from '../support/open-service.ts';
import { EVENT, TicketWorld } from './ticket-world.ts';

/** Refused so often, a lobby gives an opening up. */
const REFUSALS = 6;

test('[T14] an event that could not be opened is opened for those who come while others leave', async () => {
	const world = await TicketWorld.with();
	const { open } = world.way;
	let refused = 0;
	world.way.open = (_key, _request, answer) => {
		refused++;
		setImmediate(() => answer({ ok: false, code: 'UNAVAILABLE' }));
	};
	const [lobby] = world.tickets.services;
	if (lobby === undefined) throw new Error('no lobby');
	const identity = { userId: 'ann', roles: ['user'] };
	const ann = openService(lobby, { id: 'c', deviceId: 'd', identity }, { id: EVENT });
	expect(await world.settled(ann.view ?? Promise.reject(new Error('no view')))).toEqual({
		...{ ok: false, code: 'UNAVAILABLE' },
	});
	expect(refused).toBe(REFUSALS);
	world.way.open = open;
	// Ann's page is not closed yet: under a rush there is always one that is not.
	const bob = await world.enterPage('bob');
	expect(await bob.opened()).toMatchObject({ me: { phase: 'before' } });
	ann.close();
	expect(await bob.ask('place')).toMatchObject({ phase: 'before' });
});
