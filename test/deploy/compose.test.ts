import { describe, expect, test } from 'vitest';
import { readConfig, SETTINGS } from '../../src/config.ts';
import { readInstitutions } from '../../src/institutions/settings.ts';
import { openVault } from '../../src/institutions/vault.ts';
import {
	COMPOSE,
	fileOf,
	interpolate,
	NODES,
	pathsOf,
	RUNNING,
	settingsGiven,
} from './support/deployed.ts';

const SECRET = 'a-secret-that-is-long-enough-for-hs256';

/** Names of the services on a network, sorted. */
const on = (network: string) =>
	Object.entries(COMPOSE.services)
		.filter(([, { networks = [] }]) => networks.includes(network))
		.map(([name]) => name)
		.sort();

describe('the networks of docker-compose.yml', () => {
	test('[P44] edge, application and data, each with those who need it', () => {
		expect(Object.keys(COMPOSE.networks).sort()).toEqual(['application', 'data', 'edge']);
		expect(on('edge')).toEqual(['load-balancer']);
		expect(on('application')).toEqual([
			'grafana',
			'load-balancer',
			'node-1',
			'node-2',
			'prometheus',
		]);
		expect(on('data')).toEqual(['mongo', 'nats', 'node-1', 'node-2', 'redis']);
	});

	test('[P44] stores have no way out, and nobody is on the default network', () => {
		expect(COMPOSE.networks.data?.internal).toBe(true);
		const elsewhere = Object.entries(COMPOSE.services).filter(
			([, { networks, network_mode }]) => networks === undefined && network_mode !== 'none',
		);
		expect(elsewhere).toEqual([]);
	});

	test('[P44] only the load balancer publishes ports, on loopback unless told otherwise', () => {
		const publishing = Object.entries(COMPOSE.services).filter(([, { ports = [] }]) => ports[0]);
		expect(publishing.map(([name]) => name)).toEqual(['load-balancer']);
		const ports = publishing[0]?.[1].ports?.map((port) => interpolate(port));
		expect(ports).toEqual(['127.0.0.1:8080:8080', '127.0.0.1:3000:3000']);
	});
});

describe('each service of docker-compose.yml', () => {
	test.each(RUNNING)('%s has a health check, comes back, and has bounds', (name, service) => {
		// That of a node is in its image.
		const check = service.build === undefined ? service.healthcheck?.test[0] : 'CMD';
		expect(check, name).toMatch(/^CMD(-SHELL)?$/);
		expect(service.restart).toBe('unless-stopped');
		expect(service.mem_limit).toMatch(/^\d+[mg]$/);
	});

	test.each(Object.entries(COMPOSE.services))('%s has no rights that it does not need', (...of) => {
		const [name, service] = of;
		expect(service.read_only).toBe(true);
		expect(service.cap_drop).toEqual(['ALL']);
		expect(service.security_opt).toEqual(['no-new-privileges:true']);
		// Nodes: the USER of the image. The one that is root gives a volume away and ends.
		const isRoot = service.user === undefined || /^(root|0)(:|$)/.test(service.user);
		expect(isRoot).toBe(service.build !== undefined || name === 'nats-volume');
	});

	test.each(Object.entries(COMPOSE.services))('the image of %s has an exact version', (...of) => {
		expect(of[1].image).toMatch(/^[a-z/]+:v?\d+\.\d+\.\d+(-alpine)?$/);
	});

	test.each(Object.entries(COMPOSE.services))('%s mounts only what there is', (...of) => {
		for (const volume of of[1].volumes ?? []) {
			const [from = '', , mode] = volume.split(':');
			if (!from.startsWith('./')) expect(Object.keys(COMPOSE.volumes)).toContain(from);
			else expect([pathsOf(from.slice(2)).length, mode], volume).toEqual([1, 'ro']);
		}
	});

	test('whom it waits for is there', () => {
		const waits = Object.values(COMPOSE.services).flatMap((one) =>
			Object.keys(one.depends_on ?? {}),
		);
		expect(waits.filter((name) => COMPOSE.services[name] === undefined)).toEqual([]);
	});
});

describe('the stores of docker-compose.yml', () => {
	test('[P44] MongoDB 8 is a replica set that its health check makes, with a volume', () => {
		const { mongo } = COMPOSE.services;
		expect(mongo?.image).toMatch(/^mongo:8\./);
		expect(mongo?.command?.join(' ')).toContain('--replSet naru');
		expect(mongo?.volumes).toContain('mongo:/data/db');
		expect(mongo?.healthcheck?.test).toContain('/etc/naru/health.js');
		const check = fileOf('deploy/mongo/health.js');
		expect(check).toMatch(/rs\.initiate\(\{ _id: 'naru', members: .*'mongo:27017'/);
		expect(check).toContain('isWritablePrimary');
	});

	test('[P44] JetStream keeps what it acknowledges, in a volume', () => {
		const { nats } = COMPOSE.services;
		const config = fileOf('deploy/nats/nats.conf');
		expect(config).toMatch(/^\tsync_interval: always$/m);
		const [, directory] = /^\tstore_dir: (\S+)$/m.exec(config) ?? [];
		expect(nats?.volumes).toContain(`nats:${directory}`);
		expect(nats?.volumes).toContain('./deploy/nats/nats.conf:/etc/nats/naru.conf:ro');
		expect(nats?.command).toEqual(['--config', '/etc/nats/naru.conf']);
	});
});

describe('the nodes of docker-compose.yml', () => {
	test('[P44] are two, alike', () => {
		const [[, one], [, other]] = NODES as [(typeof NODES)[0], (typeof NODES)[0]];
		expect(NODES).toHaveLength(2);
		expect({ ...other, hostname: '' }).toEqual({ ...one, hostname: '' });
	});

	test.each(NODES)('[P42] %s has settings that there are, for production', (_, { environment }) => {
		const names = Object.keys(environment ?? {});
		expect(names.filter((name) => !(name in SETTINGS))).toEqual([]);
		const config = readConfig(settingsGiven(environment, { AUTH_SECRET: SECRET }));
		expect(config).toMatchObject({ environment: 'production', development: false, warnings: [] });
		expect(config.allowedOrigins).toEqual(['http://localhost:8080', 'http://127.0.0.1:8080']);
		// The load balancer, or all clients would count as one address.
		expect(config.trustedProxies).toBe(1);
	});

	test.each(NODES)('%s finds the stores by their names', (_, { environment, depends_on }) => {
		const { REDIS_URL, NATS_URL, MONGO_URL } = settingsGiven(environment, { AUTH_SECRET: SECRET });
		const hosts = [REDIS_URL, NATS_URL, MONGO_URL].map((url) => new URL(url ?? '').hostname);
		expect(hosts).toEqual(['redis', 'nats', 'mongo']);
		for (const host of hosts) expect(depends_on?.[host]).toEqual({ condition: 'service_healthy' });
	});

	test.each(NODES)('[P42] %s has no default secret', (_, { environment }) => {
		expect(() => settingsGiven(environment)).toThrow(/^AUTH_SECRET is needed/);
		expect(() => settingsGiven(environment, { AUTH_SECRET: '' })).toThrow(/^AUTH_SECRET/);
	});

	test.each(NODES)('%s may finish its drain', (_, { stop_grace_period }) => {
		const [, text] = /STOP_MS_MAX = ([\d_]+)/.exec(fileOf('src/main.ts')) ?? [];
		const stopMsMax = Number(text?.replaceAll('_', ''));
		expect(stopMsMax).toBeGreaterThan(0);
		const [, seconds] = /^(\d+)s$/.exec(stop_grace_period ?? '') ?? [];
		expect(Number(seconds) * 1_000).toBeGreaterThan(stopMsMax);
	});

	test.each(NODES)(
		'%s is given every setting that it can have there',
		(_, { environment = {} }) => {
			const elsewhere = {
				'the image, where the volume and the port are': ['PORT', 'HOST', 'NARU_DATA_DIR'],
				// Two nodes would each have a ledger of their own.
				'simulators, which are for development': [
					'SIMULATORS',
					'PAYMENT_PORT',
					'INSTITUTIONS_PORT',
				],
			};
			const given = [...Object.keys(environment), ...Object.values(elsewhere).flat()];
			expect(given.sort()).toEqual(Object.keys(SETTINGS).sort());
		},
	);

	test.each(NODES)('[P44] %s can call outside', (_, { environment }) => {
		const outside = {
			PAYMENT_URL: 'https://pay.example/v1',
			INSTITUTIONS_FILE: '/etc/naru/institutions/example.json',
			TOKEN_KEYS: `2026-11:${Buffer.alloc(32, 7).toString('base64')}`,
		};
		const config = readConfig(settingsGiven(environment, { AUTH_SECRET: SECRET, ...outside }));
		expect(config.outside).toEqual({
			paymentUrl: outside.PAYMENT_URL,
			institutionsFile: outside.INSTITUTIONS_FILE,
			tokenKeys: outside.TOKEN_KEYS,
			simulators: [],
		});
		expect(() =>
			openVault({ tokenKeys: config.outside.tokenKeys, authSecret: undefined }),
		).not.toThrow();
	});

	test.each(NODES)('%s finds the file of the institutions, and their secrets', (_, service) => {
		const { networks, volumes = [], env_file = [] } = service;
		expect(volumes).toContain('./deploy/institutions:/etc/naru/institutions:ro');
		// The way out to them.
		expect(networks?.some((name) => COMPOSE.networks[name]?.internal !== true)).toBe(true);
		const file = new URL('../../deploy/institutions/example.json', import.meta.url);
		const { all, secretsOf } = readInstitutions({ file, env: { EXAMPLE_BANK_SECRET: 'hush' } });
		expect(all.map(({ id }) => secretsOf(id).clientSecret)).toEqual(['hush']);
		expect(env_file).toEqual([{ path: 'deploy/institutions/secrets.env', required: false }]);
		expect(fileOf('.gitignore').split('\n')).toContain(env_file[0]?.path);
	});

	test('the page may be opened where the entry is published', () => {
		const { environment } = NODES[0]?.[1] ?? {};
		const given = { AUTH_SECRET: SECRET, PUBLISH_PORT: '9000' };
		expect(readConfig(settingsGiven(environment, given)).allowedOrigins).toEqual([
			'http://localhost:9000',
			'http://127.0.0.1:9000',
		]);
	});
});
