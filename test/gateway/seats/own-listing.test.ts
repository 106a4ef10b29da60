import { type IRoomCache, LocalDriver } from '@colyseus/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OwnListing } from '../../../src/gateway/seats/own-listing.ts';

const roomOf = (roomId: string, processId: string): IRoomCache => ({
	name: 'board',
	roomId,
	processId,
	clients: 0,
	maxClients: 10,
});
const byId = (rooms: Iterable<IRoomCache>) =>
	[...rooms].map(({ roomId, processId }) => `${roomId} ${processId}`).sort();

type Doing = (listing: LocalDriver, id: string, process: string) => unknown;
const DOINGS = {
	insert: (listing, id, process) => listing.insert(roomOf(id, process)),
	// Colyseus's own lists a room twice that is made twice; nobody does.
	persist: (listing, id, process) => listing.persist(roomOf(id, process), !listing.has(id)),
	remove: (listing, id) => listing.remove(id),
	cleanup: (listing, _, process) => listing.cleanup(process),
	clear: (listing) => listing.clear(),
} satisfies Record<string, Doing>;

const step = fc.record({
	do: fc.constantFrom('insert', 'insert', 'persist', 'remove', 'cleanup', 'clear'),
	id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
	process: fc.constantFrom('p1', 'p2'),
});

test('[P6] lists rooms as Colyseus’s own listing does, whatever comes and goes', async () => {
	const course = fc.array(step, { maxLength: 40 });
	await fc.assert(
		fc.asyncProperty(course, async (steps) => {
			const [own, theirs] = [new OwnListing(), new LocalDriver()];
			for (const { do: what, id, process } of steps) {
				const answers = [
					await DOINGS[what](own, id, process),
					await DOINGS[what](theirs, id, process),
				];
				expect(answers[0]).toBe(answers[1]);
				expect(own.has(id)).toBe(theirs.has(id));
				expect(byId(own.query({}))).toEqual(byId(theirs.query({})));
				expect(byId(own.query({ processId: 'p1' }))).toEqual(
					byId(theirs.query({ processId: 'p1' })),
				);
				const some = ['a', id, 'nobody'];
				expect(byId((await own.findByIds(some)).values())).toEqual(
					byId((await theirs.findByIds(some)).values()),
				);
			}
		}),
	);
});
