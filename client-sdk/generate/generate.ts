import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { KindContract } from '../../src/protocol/kind.ts';
import { camel, isContract, kindFile } from './kind-file.ts';
import { NamedTypes, type ProtocolExports, pascal } from './named-types.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where the generated files stand. */
export const GENERATED = join(ROOT, 'client-sdk/src/generated');

/** Kinds that the SDK dresses up by hand; all others are reached as `naru.<kind>`. */
const DRESSED = new Set([
	'assets',
	'channel',
	'channels',
	'institution',
	'presence',
	'ticket-lobby',
	'tickets',
	'user',
]);

/** Kinds that nodes and operators speak to; buyers come through `ticket-lobby`. */
const NOT_FOR_CLIENTS = new Set(['ticket-event']);

interface Found {
	/** `channel` for src/protocol/channel.ts. */
	readonly file: string;
	readonly contract: KindContract;
}

async function readProtocol() {
	const modules: ProtocolExports[] = [];
	const found: Found[] = [];
	for (const path of globSync('src/protocol/*.ts', { cwd: ROOT }).sort()) {
		const exports = (await import(join(ROOT, path))) as ProtocolExports;
		modules.push(exports);
		const file = basename(path, '.ts');
		for (const contract of Object.values(exports).filter(isContract)) {
			if (!NOT_FOR_CLIENTS.has(contract.kind)) found.push({ file, contract });
		}
	}
	found.sort((one, other) => (one.contract.kind < other.contract.kind ? -1 : 1));
	return { modules, found };
}

/** Formatted by Biome, as if it stood beside the generated folder, which Biome passes over. */
function formatted(name: string, source: string): string {
	const biome = join(ROOT, 'node_modules/.bin/biome');
	const path = join('client-sdk/src', name);
	const run = spawnSync(biome, ['format', '--stdin-file-path', path], {
		cwd: ROOT,
		input: source,
		encoding: 'utf8',
	});
	if (run.status !== 0 || run.stdout === '') throw new Error(`${name}: ${run.stderr || run.error}`);
	return run.stdout;
}

/** One line of the interface and one of the table for a kind that needs no hand-written dress. */
function accessor(contract: KindContract) {
	const name = camel(contract.kind);
	const type = `${pascal(contract.kind)}Handle`;
	const isOne = contract.own === true || contract.style === 'service';
	return {
		type: isOne ? `readonly ${name}: ${type};` : `${name}(id: string): ${type};`,
		row: `${name}: { table: ${name}Table, handle: ${type}, isOne: ${isOne} },`,
		import: `import { ${type}, ${name}Table } from './${contract.kind}.ts';`,
	};
}

function indexFile(found: readonly Found[]): string {
	const plain = found
		.map(({ contract }) => contract)
		.filter(({ kind, style }) => style !== 'seat' && !DRESSED.has(kind))
		.map(accessor);
	const seats = found.map(({ contract }) => contract).filter(({ style }) => style === 'seat');
	const seatImports = seats.map(
		({ kind }) => `import { type ${pascal(kind)}Types, ${camel(kind)}Table } from './${kind}.ts';`,
	);
	return `// Written by \`npm run sdk:generate\` from src/protocol; edit that.
import type { GeneratedKind } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
${seatImports.join('\n')}
${plain.map((one) => one.import).join('\n')}

/** Kinds that need no code of their own: \`naru.<kind>(id)\`, or \`naru.<kind>\` where there is one. */
${
	plain.length === 0
		? 'export type GeneratedKinds = Record<never, never>;'
		: `export interface GeneratedKinds {\n${plain.map((one) => one.type).join('\n')}\n}`
}

/** How each of {@link GeneratedKinds} is made. */
export const GENERATED_KINDS: Readonly<Record<string, GeneratedKind>> = {
${plain.map((one) => one.row).join('\n')}
};

/** Kinds with seats in a room: \`naru.room(kind, id)\`. */
${
	seats.length === 0
		? 'export type SeatKinds = Record<never, never>;'
		: `export interface SeatKinds {\n${seats.map(({ kind }) => `readonly '${kind}': ${pascal(kind)}Types;`).join('\n')}\n}`
}

export const SEAT_TABLES: Readonly<Record<keyof SeatKinds, KindTable>> = {
${seats.map(({ kind }) => `'${kind}': ${camel(kind)}Table,`).join('\n')}
};
`;
}

/** The generated files by name, formatted; the same for the same contracts. */
export async function generate(): Promise<Map<string, string>> {
	const { modules, found } = await readProtocol();
	const named = new NamedTypes(modules);
	const files = new Map<string, string>();
	const add = (name: string, source: string) => files.set(name, formatted(name, source));
	for (const { file, contract } of found) {
		add(`${contract.kind}.ts`, kindFile(contract, file, named));
	}
	add('schemas.ts', named.file());
	add('kinds.ts', indexFile(found));
	return files;
}
