import { describe, expect, test } from 'vitest';
import { KindHandle } from '../../client-sdk/src/kind-handle.ts';
import type { KindTable } from '../../client-sdk/src/kind-table.ts';
import { OP } from '../../src/protocol/frames.ts';
import { onlineScene, outcome, sourceSdk } from './support/sdk.ts';

interface SaleTypes {
	readonly openArgs: object;
	readonly view: { readonly me: { readonly phase: string }; readonly title: string };
	readonly commands: { readonly hold: { readonly args: object; readonly reply: { n: number } } };
	readonly events: { readonly me: { readonly phase: string }; readonly sold: object };
	readonly ephemerals: { readonly cheer: object };
}

/** As the generator would write it for a kind with live state. */
const table: KindTable = {
	kind: 'sale',
	style: 'stream',
	own: false,
	live: ['me'],
	commands: { hold: {} },
};

async function openSale() {
	const made = await onlineScene(sourceSdk);
	made.server.viewOf = () => ({ me: { phase: 'before' }, title: 'Concert' });
	made.server.service = () => ({ reply: { n: 1 } });
	const sale = new KindHandle<SaleTypes>(made.naru.session, { table, id: () => 'concert-1' });
	const tell = (op: 7 | 8, payload: unknown) => {
		const open = made.server.seen.filter((frame) => frame.op === OP.open).at(-1);
		made.server.last.send(1_000 + (open?.handle ?? 0), op, payload);
	};
	return { ...made, sale, tell };
}

describe('handle of any kind', () => {
	test('opens with the first call, runs commands, tells events and ephemerals', async () => {
		const { world, server, sale, tell } = await openSale();
		const told: unknown[] = [];
		const held = outcome(sale.run('hold', {}));
		sale.on('sold', (data) => told.push(['sold', data]));
		sale.on('cheer', (data) => told.push(['cheer', data]));
		await world.advance(10);
		tell(OP.data, { p: 1, e: [['sold', { seat: 'A-1' }]] });
		tell(OP.ephemeral, ['cheer', {}]);
		await world.advance(10);
		expect(held.value).toEqual({ n: 1 });
		expect(server.opens()[0]).toMatchObject({ kind: 'sale', id: 'concert-1' });
		expect(told).toEqual([
			['sold', { seat: 'A-1' }],
			['cheer', {}],
		]);
	});

	test('a live part is told to a new listener, kept in the view, and told again after a reset', async () => {
		const { world, server, sale, tell } = await openSale();
		const opened = outcome(sale.open());
		await world.advance(10);
		expect(opened.value).toEqual({ me: { phase: 'before' }, title: 'Concert' });
		tell(OP.data, { p: 1, e: [['me', { phase: 'turn' }]] });
		await world.advance(10);
		const phases: string[] = [];
		const resets: unknown[] = [];
		sale.on('me', ({ phase }) => phases.push(phase));
		sale.on('reset', (view) => resets.push(view));
		await world.advance(0);
		expect(sale.view).toEqual({ me: { phase: 'turn' }, title: 'Concert' });
		server.last.socket.cut();
		await world.advance(1_000);
		expect(phases).toEqual(['turn', 'before']);
		expect(resets).toHaveLength(1);
	});

	test('after close() nothing is told, and the next call opens it again', async () => {
		const { world, server, sale } = await openSale();
		void sale.open();
		await world.advance(10);
		sale.close();
		expect(sale.view).toBeUndefined();
		await world.advance(10);
		expect(server.ops().at(-1)).toBe('close');
		const held = outcome(sale.run('hold', {}));
		await world.advance(10);
		expect(held.value).toEqual({ n: 1 });
		expect(server.opens()).toHaveLength(2);
	});
});
