import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seatsOf } from '../support/ticket-box.ts';
import { devToken, rest, World } from '../support/world.ts';
import { installPackage, ROOT } from './support/install-package.ts';

const { directory, project } = await installPackage();
afterAll(() => rmSync(directory, { recursive: true }));
const world = new World();
afterEach(() => world.end());

const readme = readFileSync(join(ROOT, 'client-sdk/README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

/** The block with this text. */
const blockWith = (text: string) => blocks.find((block) => block.includes(text)) ?? '';

/** What an app has around it: its own functions, and the parts of React Native. */
const AROUND = `
const told = [];
const tell = (name) => (value) => void told.push([name, value]);
Object.assign(globalThis, {
	show: tell('show'), update: tell('update'), showOnItsWay: tell('onItsWay'), showAnew: tell('anew'),
	fetchToken: async () => process.env.TOKEN,
	end: async (naru, ...more) => {
		console.log(JSON.stringify({ told, more }));
		await naru.close();
	},
});
const { fetch } = globalThis;
globalThis.fetch = async (url) => url.endsWith('/token') ? new Response(process.env.TOKEN) : fetch(url);
`;
const REACT = `
const states = [];
let effects = [];
export const mounted = () => effects;
export const useState = (first) => [first, (next) => void states.push(next)];
export const useEffect = (effect) => void effects.push(effect());
export const seen = states;
`;
const MODULES = {
	react: REACT,
	'react-native': `export const AppState = {
		currentState: 'active', addEventListener: () => ({ remove: () => {} }) };`,
	'@react-native-async-storage/async-storage': `const kept = new Map();
		export default {
			getItem: async (key) => kept.get(key) ?? null,
			setItem: async (key, value) => void kept.set(key, value),
			removeItem: async (key) => void kept.delete(key),
		};`,
};
for (const [name, code] of Object.entries(MODULES)) {
	const folder = join(project, 'node_modules', name);
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
	writeFileSync(join(folder, 'index.js'), code);
}
writeFileSync(join(project, 'around.js'), AROUND);

interface Outcome {
	readonly told: readonly (readonly [name: string, value: Record<string, unknown>])[];
	readonly more: readonly unknown[];
}

let url: string;
let runs = 0;

/** Runs a block in a process of its own, as it stands there but for the address, then what follows. */
async function run(block: string, behind: string): Promise<Outcome> {
	const file = join(project, `run-${++runs}.ts`);
	writeFileSync(file, `${block.replaceAll('https://chat.example', url)}\n${behind}\n`);
	const token = await devToken(url, { userId: 'ann' });
	const { stdout } = await promisify(execFile)(
		process.execPath,
		['--import', join(project, 'around.js'), file],
		{ cwd: project, env: { TOKEN: token }, timeout: 50_000 },
	);
	return JSON.parse(stdout) as Outcome;
}

describe('the examples of the README do what they say', () => {
	beforeEach(async () => {
		const server = await world.process({
			directory: world.directory(),
			env: { SIMULATORS: 'on' },
		});
		url = server.url;
	});

	test('channels', async () => {
		const { told, more } = await run(
			blockWith("naru.channel('general')"),
			'await end(naru, { hasMore, length: messages.length });',
		);
		expect(more).toEqual([{ hasMore: false, length: 0 }]);
		expect(told.filter(([name]) => name === 'show')).toMatchObject([['show', { text: 'hello' }]]);
		expect(told.map(([name]) => name)).toContain('onItsWay');
	});

	test('ticket events', async () => {
		const token = await devToken(url, { userId: 'root', roles: ['ops'] });
		const event = {
			...{ id: 'concert-1', title: 'Concert', opensAt: Date.now() + 1_000, currency: 'KRW' },
			seats: seatsOf(3),
		};
		const made = await rest(url, '/api/v1/ticket-events', { token, body: event });
		expect(made.status).toBe(200);
		const { told, more } = await run(
			blockWith("naru.ticketEvent('concert-1')"),
			'await end(naru, status, tickets, await naru.orders.get(order.id));',
		);
		expect(more).toMatchObject([
			'paid',
			[{ seatId: 'A-2' }, { seatId: 'A-1' }],
			{ seats: ['A-1', 'A-2'], amount: 2_000 },
		]);
		const phases = told.map(([, { phase }]) => phase);
		expect([...new Set(phases)]).toEqual(
			expect.arrayContaining(['before', 'inside', 'paying', 'done']),
		);
		expect(told.some(([, value]) => value.state === 'open')).toBe(true);
		expect(told.some(([, value]) => Array.isArray(value) && value.length === 3)).toBe(true);
	});

	test('assets', async () => {
		const { told, more } = await run(
			blockWith('naru.assets.register'),
			'await end(naru, state, snapshots.length, (await naru.assets.list()).snapshots);',
		);
		const [state, before, behind] = more;
		expect(state).toBe('done');
		expect(before).toBe(2);
		expect(behind).toMatchObject([{ institution: 'card-b' }]);
		expect(told.some(([, { step }]) => step === 'details')).toBe(true);
	});

	test('React Native', async () => {
		const { more } = await run(
			blockWith('useMessages'),
			`import { mounted, seen } from 'react';
			await naru.channel('general').join();
			useMessages('general');
			await naru.channel('general').send('from a train');
			const [unmount] = mounted();
			unmount();
			const { length } = seen;
			await naru.channel('general').send('unseen');
			await end(naru, seen.at(-1).map(({ text }) => text), seen.length - length);`,
		);
		expect(more).toEqual([['from a train'], 0]);
	});
});
