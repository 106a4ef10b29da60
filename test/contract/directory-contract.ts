/**
 * What every directory promises to the nodes that share it. Only the port is used. An adapter's test
 * calls `directoryContract` with a factory that opens an empty directory.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Directory, NodeRecord } from '../../src/cluster/directory.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';

export interface OpenDirectory {
	/** Two nodes' ways to the same directory. */
	readonly one: Directory;
	readonly two: Directory;
	/** Loses everything, as a Redis that was wiped. */
	flush(): Promise<void>;
	/** Lets time pass for the directory. */
	pass(ms: number): Promise<void>;
	close(): Promise<void>;
}

const LONG_MS = 60_000;
const SHORT_MS = 150;
/** The first lease, for which nothing is claimed. */
const YOUTH_MS = 30;

const node = (id: string): NodeRecord => ({
	id,
	url: `http://127.0.0.1:${2_000 + Number(id)}`,
	pid: Number(id),
	environment: 'test',
	startedAt: 1_700_000_000_000,
});
const [A, B] = [node('1'), node('2')];

const key: ActorKey = 'channel/general';
const keysOf = (count: number): ActorKey[] =>
	Array.from({ length: count }, (_, n): ActorKey => `channel/c${n}`);

/** Runs the suite; `open` is called for each test. */
export function directoryContract(name: string, open: () => Promise<OpenDirectory>): void {
	describe(`directory: ${name}`, () => {
		let opened: OpenDirectory;
		let one: Directory;
		let two: Directory;
		beforeEach(async () => {
			opened = await open();
			({ one, two } = opened);
		});
		afterEach(() => opened.close());

		/** Two nodes with long leases, in a directory in which claims are taken already. */
		const joinBoth = async () => {
			await one.renew(A, YOUTH_MS);
			await two.renew(B, LONG_MS);
			await opened.pass(YOUTH_MS + 10);
			await one.renew(A, LONG_MS);
		};
		/** The second of them alone. */
		const joinTwo = async () => {
			await joinBoth();
			await one.leave(A.id);
		};

		describe('leases', () => {
			test('a renewal tells who lives, and whether the own lease still stood', async () => {
				const first = await one.renew(A, LONG_MS);
				expect(first).toMatchObject({ nodes: [A], held: false });
				const second = await two.renew(B, LONG_MS);
				expect(second.held).toBe(false);
				expect(second.nodes).toHaveLength(2);
				expect(second.nodes).toEqual(expect.arrayContaining([A, B]));
				expect(await one.renew(A, LONG_MS)).toMatchObject({ held: true });
			});

			test('a node that does not renew is gone after its lease', async () => {
				await one.renew(A, SHORT_MS);
				expect((await two.renew(B, LONG_MS)).nodes).toHaveLength(2);
				await opened.pass(SHORT_MS + 20);
				expect((await two.renew(B, LONG_MS)).nodes).toEqual([B]);
				expect((await one.renew(A, LONG_MS)).held).toBe(false);
			});

			test('a node that leaves is gone at once', async () => {
				await joinBoth();
				await one.leave(A.id);
				expect((await two.renew(B, LONG_MS)).nodes).toEqual([B]);
			});

			test('its clock goes forward', async () => {
				const before = await one.renew(A, LONG_MS);
				await opened.pass(50);
				const after = await one.renew(A, LONG_MS);
				expect(after.now - before.now).toBeGreaterThanOrEqual(45);
			});

			test('it is as old as the time in which somebody always lived', async () => {
				expect((await one.renew(A, SHORT_MS)).ageMs).toBeLessThan(50);
				await opened.pass(60);
				expect((await two.renew(B, SHORT_MS)).ageMs).toBeGreaterThanOrEqual(55);
				await opened.pass(SHORT_MS + 60);
				// Whoever comes now finds entries that nobody has kept.
				expect((await one.renew(A, LONG_MS)).ageMs).toBeLessThan(50);
			});

			test('after a flush it is born again, and no lease stands', async () => {
				await joinBoth();
				await opened.pass(60);
				await opened.flush();
				expect(await two.renew(B, LONG_MS)).toMatchObject({ nodes: [B], held: false });
				const renewal = await one.renew(A, LONG_MS);
				expect(renewal.held).toBe(false);
				expect(renewal.ageMs).toBeLessThan(50);
			});
		});

		describe('owners', () => {
			test('nobody owns what nobody claimed', async () => {
				await joinBoth();
				expect(await one.owners([key])).toEqual([undefined]);
			});

			test('the first who claims owns it, for all', async () => {
				await joinBoth();
				expect(await one.claim(A.id, [key])).toEqual([A.id]);
				expect(await two.claim(B.id, [key])).toEqual([A.id]);
				expect(await one.claim(A.id, [key])).toEqual([A.id]);
				expect(await two.owners([key])).toEqual([A.id]);
			});

			test('answers come in the order of the keys', async () => {
				await joinBoth();
				const [first, second, third] = keysOf(3) as [ActorKey, ActorKey, ActorKey];
				await one.claim(A.id, [first]);
				await two.claim(B.id, [third]);
				expect(await one.owners([third, second, first])).toEqual([B.id, undefined, A.id]);
				expect(await one.claim(A.id, [third, second])).toEqual([B.id, A.id]);
			});

			test('of two who race for a key one wins', async () => {
				await joinBoth();
				for (const raced of keysOf(50)) {
					const [[mine], [other]] = await Promise.all([
						one.claim(A.id, [raced]),
						two.claim(B.id, [raced]),
					]);
					expect(mine).toBe(other);
				}
			});

			test('nothing is claimed until a lease after the birth, whatever a node believes', async () => {
				await one.renew(A, SHORT_MS);
				await two.renew(B, LONG_MS);
				expect(await one.claim(A.id, [key])).toEqual([undefined]);
				await opened.pass(SHORT_MS + 20);
				expect(await two.claim(B.id, [key])).toEqual([B.id]);
				await opened.flush();
				expect(await two.claim(B.id, [key])).toEqual([undefined]);
				await one.renew(A, LONG_MS);
				await two.renew(B, LONG_MS);
				expect(await one.claim(A.id, [key])).toEqual([undefined]);
				// Who owned it registers again, and then it is named.
				expect(await two.verify(B.id, [key])).toEqual([]);
				expect(await one.claim(A.id, [key])).toEqual([B.id]);
			});

			test('without a lease nothing is claimed, but an owner is named', async () => {
				await joinTwo();
				const [free, taken] = keysOf(2) as [ActorKey, ActorKey];
				await two.claim(B.id, [taken]);
				expect(await one.claim(A.id, [free, taken])).toEqual([undefined, B.id]);
				expect(await two.owners([free])).toEqual([undefined]);
			});

			test('entries of a node are worth nothing without its lease', async () => {
				await joinBoth();
				await one.renew(A, SHORT_MS);
				const [ran, left] = keysOf(2) as [ActorKey, ActorKey];
				await one.claim(A.id, [ran, left]);
				await opened.pass(SHORT_MS + 20);
				expect(await two.owners([ran, left])).toEqual([undefined, undefined]);
				expect(await two.claim(B.id, [ran])).toEqual([B.id]);
				// The node comes back before anybody took the other.
				await one.renew(A, LONG_MS);
				expect(await two.owners([ran, left])).toEqual([B.id, A.id]);
				await one.leave(A.id);
				expect(await two.owners([left])).toEqual([undefined]);
			});

			test('released is what is one’s own, nothing else', async () => {
				await joinBoth();
				await one.claim(A.id, [key]);
				await two.release(B.id, [key]);
				expect(await two.owners([key])).toEqual([A.id]);
				await one.release(A.id, [key]);
				expect(await two.claim(B.id, [key])).toEqual([B.id]);
			});

			test('no keys are no trouble', async () => {
				await joinBoth();
				expect(await one.owners([])).toEqual([]);
				expect(await one.claim(A.id, [])).toEqual([]);
				expect(await one.verify(A.id, [])).toEqual([]);
				await one.release(A.id, []);
			});

			test('several thousand keys at once', async () => {
				await joinBoth();
				const keys = keysOf(2_500);
				const owners = await one.claim(A.id, keys);
				expect(owners).toEqual(keys.map(() => A.id));
				expect(await two.owners(keys)).toEqual(owners);
				expect(await two.verify(B.id, keys)).toEqual(keys);
				await one.release(A.id, keys);
				expect(await two.verify(B.id, keys)).toEqual([]);
				expect(await one.owners(keys)).toEqual(keys.map(() => B.id));
			});
		});

		describe('verifying', () => {
			test('names what others own, leaves what is one’s own, sets what is missing', async () => {
				await joinBoth();
				const [own, foreign, missing] = keysOf(3) as [ActorKey, ActorKey, ActorKey];
				await one.claim(A.id, [own]);
				await two.claim(B.id, [foreign]);
				expect(await one.verify(A.id, [own, foreign, missing])).toEqual([foreign]);
				expect(await two.owners([own, foreign, missing])).toEqual([A.id, B.id, A.id]);
			});

			test('takes over what names a node without a lease', async () => {
				await joinBoth();
				await two.claim(B.id, [key]);
				await two.leave(B.id);
				expect(await one.verify(A.id, [key])).toEqual([]);
				expect(await one.owners([key])).toEqual([A.id]);
			});

			test('without a lease sets nothing', async () => {
				await joinTwo();
				expect(await one.verify(A.id, [key])).toEqual([]);
				expect(await two.claim(B.id, [key])).toEqual([B.id]);
			});
		});
	});
}
