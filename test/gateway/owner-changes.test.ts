/**
 * The whole way of commands, SDK to journal, while owners change at any step: what one sender sends
 * takes effect in its order, and once when it has an id.
 */
import { describe, expect, test } from 'vitest';
import { connectIn } from '../../client-sdk/src/connect.ts';
import { KindHandle } from '../../client-sdk/src/kind-handle.ts';
import type { KindTable, KindTypes } from '../../client-sdk/src/kind-table.ts';
import { ChangingOwners } from '../support/changing-owners.ts';
import { counterKind } from '../support/counter-kind.ts';
import { VirtualEdge } from '../support/virtual-edge.ts';

const KEY = 'counter/one';
const COMMANDS = 24;
const CHANGES = 5;
const SEEDS = 60;

type Change = 'release' | 'stop' | 'kill';

interface CounterTypes extends KindTypes {
	readonly commands: { readonly [Name in 'add' | 'mark']: { args: object; reply: object } };
	readonly events: { readonly added: { readonly by: number } };
}

const tableOf = (hasIds: boolean): KindTable => ({
	kind: 'counter',
	style: 'stream',
	own: false,
	live: [],
	commands: {
		add: hasIds ? { creates: true } : { creates: true, requests: 'none' },
		mark: { requests: 'none' },
	},
});

interface Plan {
	readonly seed: number;
	readonly hasIds: boolean;
	readonly changes: readonly Change[];
}

/** One device that sends while owners change; gives what the journal and the device have at the end. */
async function run({ seed, hasIds, changes }: Plan) {
	const owners = new ChangingOwners();
	const { runtime } = owners;
	for (let drawn = 0; drawn < seed; drawn++) runtime.random();
	const edge = new VirtualEdge(runtime, owners, [counterKind.contract]);
	const naru = connectIn(edge.environment(), { url: 'ws://edge', token: 'ann' });
	const handle = new KindHandle<CounterTypes>(naru.session, {
		table: tableOf(hasIds),
		id: () => 'one',
	});
	await owners.bench.send(KEY, ['add', { by: 0 }]);
	const heard: number[] = [];
	let resets = 0;
	handle.on('added', ({ by }) => heard.push(by));
	handle.on('reset', () => resets++);
	await runtime.until(() => handle.isOpen);
	const waiting = new Set<Promise<unknown>>();
	const refused: unknown[] = [];
	const send = (name: 'add' | 'mark', args: object) => {
		const sent = handle.run(name, args, {}).catch((error) => refused.push(error));
		waiting.add(sent);
		void sent.then(() => waiting.delete(sent));
	};
	const duringMs = 600;
	for (let n = 1; n <= COMMANDS; n++) {
		runtime.after(((n + runtime.random() * 3) / COMMANDS) * duringMs, () => {
			if (runtime.random() < 0.2) send('mark', { n });
		});
	}
	// In bursts, so that several are in flight.
	for (let n = 1; n <= COMMANDS; n++) {
		runtime.after((Math.ceil(n / 4) / (COMMANDS / 4)) * duringMs, () => send('add', { by: n }));
	}
	for (const change of changes) {
		runtime.after(runtime.random() * duringMs, () => {
			if (change === 'release') void owners.release(KEY);
			else if (change === 'stop') owners.stop(KEY);
			else owners.kill();
		});
	}
	await runtime.advance(duringMs + 200);
	await runtime.until(() => waiting.size === 0, 120_000);
	await runtime.advance(2_000);
	const events = await owners.bench.events(KEY);
	const added = events
		.filter(({ type }) => type === 'added')
		.map(({ data }) => (data as { by: number }).by);
	return { added: added.slice(1), heard, refused, resets, openFrames: edge.openFrames };
}

const plans = (hasIds: boolean, kinds: readonly Change[]): Plan[] =>
	Array.from({ length: SEEDS }, (_, seed) => ({
		seed,
		hasIds,
		changes: Array.from({ length: CHANGES }, (_, n) => kinds[(seed + n) % kinds.length] as Change),
	}));

const ALL = Array.from({ length: COMMANDS }, (_, index) => 1 + index);

describe('commands in flight while owners change', () => {
	test('[P10][P21][W23] handed over: each once, in order, also without ids, and no handle opens again', async () => {
		for (const hasIds of [true, false]) {
			for (const plan of plans(hasIds, ['release'])) {
				const { added, heard, refused, resets, openFrames } = await run(plan);
				expect({ plan, added, heard, refused, resets, openFrames }).toEqual({
					plan,
					added: ALL,
					heard: ALL,
					refused: [],
					resets: 0,
					openFrames: 1,
				});
			}
		}
	});

	test('[P10][P20][W23][W25] stopped or killed: with ids each once and in order', async () => {
		for (const plan of plans(true, ['stop', 'kill', 'release'])) {
			const { added, heard, refused, resets } = await run(plan);
			expect({ plan, added, heard, refused, resets }).toEqual({
				plan,
				added: ALL,
				heard: ALL,
				refused: [],
				resets: 0,
			});
		}
	});

	test('[P10][W23] stopped or killed: without ids none is lost, and the order stays', async () => {
		for (const plan of plans(false, ['kill', 'stop', 'release'])) {
			const { added, heard, refused } = await run(plan);
			const first = [...new Set(added)];
			expect({ plan, first, refused }).toEqual({ plan, first: ALL, refused: [] });
			expect(heard).toEqual(added);
		}
	});
});
