/** What the files of a deployment ask of a node, asked of one that runs. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { NaruServer } from '../../src/server.ts';
import { World } from '../support/world.ts';
import { COMPOSE, fileOf, NODES, yamlOf } from './support/deployed.ts';

const world = new World();
let server: NaruServer;
let figures: string;

beforeAll(async () => {
	server = await world.server({ storage: 'memory' });
	figures = await (await fetch(`${server.url}/metrics`)).text();
});
afterAll(() => world.end());

const proxy = fileOf('deploy/haproxy/haproxy.cfg');
/** Nodes as others inside reach them. */
const addresses = NODES.map(([name]) => `${name}:2567`);

/** Names of metrics of ours, and of Node's processes, in an expression of Prometheus. */
const metricsIn = (text: string) => [...new Set(text.match(/\b(naru|process|nodejs)_\w+/g))];

/** Whether `/metrics` has it, as it is or as what a histogram is made of. */
function isServed(name: string): boolean {
	const bare = name.replace(/_(bucket|sum|count)$/, '');
	return (
		figures.includes(`\n# TYPE ${name} `) ||
		(name !== bare && figures.includes(`\n# TYPE ${bare} histogram`))
	);
}

/** The status of a path as it stands in the request line, which `fetch` would tidy. */
async function statusOf(path: string): Promise<number | undefined> {
	const { port } = new URL(server.url);
	const [response] = await once(get({ host: '127.0.0.1', port, path }), 'response');
	response.resume();
	return response.statusCode;
}

describe('what is watched', () => {
	interface Panel {
		readonly type: string;
		readonly title: string;
		readonly datasource?: { readonly uid: string };
		readonly targets?: readonly { readonly expr: string }[];
	}
	const { panels } = JSON.parse(fileOf('deploy/grafana/dashboards/naru.json')) as {
		panels: Panel[];
	};
	const plots = panels.filter(({ type }) => type !== 'row');

	test('[P44] each panel of the dashboard shows what a node counts', () => {
		expect(plots.length).toBeGreaterThan(20);
		const asked = plots.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
		expect(asked.flatMap(metricsIn).filter((name) => !isServed(name))).toEqual([]);
		// No panel that asks for nothing known.
		const known = /\b(naru|process|haproxy)_\w+|\bup\{|\bALERTS\{/;
		expect(asked.filter((expr) => !known.test(expr))).toEqual([]);
	});

	test('[P41] everything that a node counts is shown', () => {
		const shown = metricsIn(JSON.stringify(plots));
		const served = [...figures.matchAll(/^# TYPE (naru_\w+)/gm)].map(([, name = '']) => name);
		const isShown = (name: string) => shown.some((one) => one.replace(/_bucket$/, '') === name);
		expect(served.length).toBeGreaterThan(20);
		expect(served.filter((name) => !isShown(name))).toEqual([]);
	});

	test('panels take the datasource that is provisioned', () => {
		const { datasources } = yamlOf<{ datasources: { uid: string; url: string }[] }>(
			'deploy/grafana/provisioning/datasources/prometheus.yml',
		);
		expect(datasources.map(({ uid }) => uid)).toEqual(['prometheus']);
		expect(new URL(datasources[0]?.url ?? '').hostname in COMPOSE.services).toBe(true);
		for (const { title, datasource } of plots)
			expect([title, datasource?.uid]).toEqual([title, 'prometheus']);
	});

	test('alerts watch what a node counts', () => {
		const { groups } = yamlOf<{ groups: { rules: { expr: string }[] }[] }>(
			'deploy/prometheus/alerts.yml',
		);
		const rules = groups.flatMap((group) => group.rules);
		expect(rules.length).toBeGreaterThan(3);
		const names = rules.flatMap(({ expr }) => metricsIn(expr));
		expect(names.filter((name) => !isServed(name))).toEqual([]);
	});

	test('[P44] Prometheus asks every node, where its figures are', async () => {
		interface Job {
			readonly job_name: string;
			readonly metrics_path: string;
			readonly static_configs: readonly { readonly targets: readonly string[] }[];
		}
		const { scrape_configs } = yamlOf<{ scrape_configs: Job[] }>(
			'deploy/prometheus/prometheus.yml',
		);
		const job = scrape_configs.find(({ job_name }) => job_name === 'naru');
		expect(job?.static_configs.flatMap(({ targets }) => targets)).toEqual(addresses);
		const response = await fetch(`${server.url}${job?.metrics_path}`);
		expect(response.headers.get('content-type')).toContain('text/plain');
	});
});

describe('the load balancer', () => {
	test('[P44] sends to every node', () => {
		const servers = [...proxy.matchAll(/^\tserver \S+ (node\S+)/gm)].map(([, to]) => to);
		expect(servers).toEqual([...addresses, ...addresses]);
	});

	test('[P21] asks for the readiness that nodes tell', async () => {
		const [, path] = /http-check send meth GET uri (\S+)/.exec(proxy) ?? [];
		expect((await fetch(`${server.url}${path}`)).status).toBe(200);
		expect(path).toBe('/readyz');
	});

	test('knows the path of sockets, and keeps them', async () => {
		const [, path] = /use_backend sockets if \{ path (\S+) \}/.exec(proxy) ?? [];
		const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`);
		await once(socket, 'open');
		socket.terminate();
		const [, hours] = /timeout tunnel (\d+)h/.exec(proxy) ?? [];
		expect(Number(hours)).toBeGreaterThanOrEqual(1);
	});

	test('keeps what is for supervisors inside', async () => {
		const [, paths = ''] = /deny_status 404 if \{ path (.+) \}/.exec(proxy) ?? [];
		expect(paths.split(' ')).toEqual(['/metrics', '/readyz']);
		for (const path of paths.split(' '))
			expect((await fetch(`${server.url}${path}`)).ok).toBe(true);
		// No other spelling leads there.
		for (const path of ['/%6detrics', '//metrics', '/metrics/', '/./metrics']) {
			expect([path, await statusOf(path)]).toEqual([path, 404]);
		}
	});

	test('tells nodes who calls', () => {
		expect(proxy).toMatch(/^\toption forwardfor$/m);
	});
});

describe('the health check of the image', () => {
	const [, command = '[]'] = /HEALTHCHECK[\s\S]*?CMD (\[.*\])$/m.exec(fileOf('Dockerfile')) ?? [];
	const [program, ...args] = JSON.parse(command) as string[];

	const check = (port: number) =>
		new Promise<number>((resolve) => {
			const env = { ...process.env, PORT: String(port) };
			execFile(process.execPath, args, { env }, (error) =>
				resolve(error === null ? 0 : Number(error.code)),
			);
		});

	test('takes a node that is ready, and no other', async () => {
		expect(program).toBe('node');
		expect(await check(Number(new URL(server.url).port))).toBe(0);
		const draining = createServer((_, response) => response.writeHead(503).end());
		draining.listen(0, '127.0.0.1');
		await once(draining, 'listening');
		const { port } = draining.address() as AddressInfo;
		expect(await check(port)).toBe(1);
		draining.close();
		await once(draining, 'close');
		expect(await check(port)).toBe(1);
	});
});
