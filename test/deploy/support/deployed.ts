import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

const ROOT = new URL('../../../', import.meta.url);

/** A file of the repository, as text. */
export const fileOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** Paths in the repository that a pattern matches. */
export const pathsOf = (pattern: string): readonly string[] =>
	globSync(pattern, { cwd: ROOT.pathname });

/** A YAML file of the repository; what it holds is checked by what is expected of it. */
export const yamlOf = <T>(path: string): T => parse(fileOf(path), { merge: true }) as T;

/** What the tests look at of a service in docker-compose.yml. */
export interface Service {
	readonly image: string;
	readonly build?: string;
	readonly networks?: readonly string[];
	readonly network_mode?: string;
	readonly ports?: readonly string[];
	readonly volumes?: readonly string[];
	readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
	readonly environment?: Readonly<Record<string, string>>;
	readonly command?: readonly string[];
	readonly user?: string;
	readonly restart?: string;
	readonly read_only?: boolean;
	readonly cap_drop?: readonly string[];
	readonly security_opt?: readonly string[];
	readonly mem_limit?: string;
	readonly stop_grace_period?: string;
	readonly healthcheck?: { readonly test: readonly string[] };
	readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
	readonly services: Readonly<Record<string, Service>>;
	readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
	readonly volumes: Readonly<Record<string, unknown>>;
}

/** docker-compose.yml, with what it merges. */
export const COMPOSE: Compose = yamlOf('docker-compose.yml');

/** Services that run on, by name; the others do one thing and end. */
export const RUNNING: readonly (readonly [string, Service])[] = Object.entries(
	COMPOSE.services,
).filter(([, { restart }]) => restart !== 'no');

/** The nodes, by name. */
export const NODES: readonly (readonly [string, Service])[] = RUNNING.filter(
	([, { build }]) => build !== undefined,
);

/** The environment of a service, with what is given from outside. */
export function settingsGiven(
	environment: Service['environment'],
	given: Readonly<Record<string, string>> = {},
): Record<string, string> {
	const entries = Object.entries(environment ?? {});
	return Object.fromEntries(entries.map(([name, text]) => [name, interpolate(text, given)]));
}

/** As compose does it: `${NAME:-default}` with defaults in defaults, `${NAME:?why}`. */
export function interpolate(text: string, given: Readonly<Record<string, string>> = {}): string {
	const innermost = /\$\{(\w+)(?::([-?])([^${}]*))?\}/;
	let done = text;
	for (let found = innermost.exec(done); found !== null; found = innermost.exec(done)) {
		const [whole, name = '', how, rest = ''] = found;
		const value = given[name] || (how === '-' ? rest : undefined);
		if (value === undefined) throw new Error(`${name} is needed: ${rest}`);
		done = done.replace(whole, () => value);
	}
	return done;
}
