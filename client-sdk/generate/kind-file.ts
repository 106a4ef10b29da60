import { z } from 'zod';
import type { CommandContract, KindContract } from '../../src/protocol/kind.ts';
import { type JsonSchema, typeText } from './type-text.ts';

/** A module of src/protocol with the contract that it exports. */
export interface ProtocolModule {
	/** `channel` for src/protocol/channel.ts. */
	readonly file: string;
	readonly exports: Readonly<Record<string, unknown>>;
}

export const pascal = (kind: string): string =>
	kind.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

export const camel = (kind: string): string => {
	const name = pascal(kind);
	return name.charAt(0).toLowerCase() + name.slice(1);
};

export const isContract = (value: unknown): value is KindContract =>
	typeof value === 'object' && value !== null && 'kind' in value && 'commands' in value;

const isSchema = (value: unknown): value is z.ZodType => value instanceof z.ZodType;

/** `messageSchema` becomes the type `Message`; plain strings and numbers keep no name. */
function namedSchemas(module: ProtocolModule) {
	const names = z.registry<{ id: string }>();
	for (const [name, value] of Object.entries(module.exports)) {
		if (!name.endsWith('Schema') || !isSchema(value)) continue;
		const { type } = z.toJSONSchema(value, { io: 'input', unrepresentable: 'any' });
		const isNamed = type === 'object' || value instanceof z.ZodEnum;
		if (isNamed) names.add(value, { id: pascal(name.replace(/Schema$/, '')) });
	}
	return names;
}

/** Turns schemas into type texts, gathering the named ones that they mention. */
class TypeWriter {
	readonly defined = new Map<string, string>();
	readonly #names;

	constructor(module: ProtocolModule) {
		this.#names = namedSchemas(module);
	}

	text(schema: z.ZodType, io: 'input' | 'output'): string {
		const json = z.toJSONSchema(schema, {
			io,
			metadata: this.#names,
			unrepresentable: 'any',
		}) as JsonSchema;
		for (const [name, def] of Object.entries(json.$defs ?? {})) this.#define(name, def);
		return typeText(json);
	}

	#define(name: string, schema: JsonSchema): void {
		const text = typeText(schema);
		const before = this.defined.get(name);
		// With defaults a schema has two types, so it must not have one name.
		if (before !== undefined && before !== text) throw new Error(`${name} has two types`);
		this.defined.set(name, text);
	}

	definitions(): string {
		return [...this.defined]
			.sort(([one], [other]) => (one < other ? -1 : 1))
			.map(([name, text]) =>
				text.startsWith('{')
					? `export interface ${name} ${text}`
					: `export type ${name} = ${text};`,
			)
			.join('\n\n');
	}
}

const record = (types: Readonly<Record<string, z.ZodType>>, writer: TypeWriter) =>
	`{\n${Object.entries(types)
		.map(([name, schema]) => `readonly ${name}: ${writer.text(schema, 'output')};`)
		.join('\n')}\n}`;

const commandTypes = (contract: KindContract, writer: TypeWriter) =>
	`{\n${commandsOf(contract)
		.map(
			([name, { args, reply }]) =>
				`readonly ${name}: { readonly args: ${writer.text(args, 'input')}; readonly reply: ${writer.text(reply, 'output')} };`,
		)
		.join('\n')}\n}`;

const hasNoFields = (schema: z.ZodType) => {
	const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
	const { properties, anyOf, oneOf, allOf } = json;
	const isJoined = anyOf !== undefined || oneOf !== undefined || allOf !== undefined;
	return !isJoined && (properties === undefined || Object.keys(properties).length === 0);
};

/** What clients may ask. */
const commandsOf = ({ commands }: KindContract) =>
	Object.entries(commands).filter(([, { by }]) => by !== 'nodes');

function flags(command: CommandContract): string {
	const set = [
		command.query ? 'query: true' : '',
		command.creates ? 'creates: true' : '',
		command.requests ? `requests: '${command.requests}'` : '',
	];
	return `{ ${set.filter(Boolean).join(', ')} }`;
}

/** Events that carry a part of the view by its name: the view stays live by them. */
function liveParts(contract: KindContract): string[] {
	const { properties = {} } = z.toJSONSchema(contract.view, { unrepresentable: 'any' });
	return Object.keys(contract.events).filter((name) => name in properties);
}

const tableText = (contract: KindContract) => `{
	kind: '${contract.kind}',
	style: '${contract.style}',
	own: ${contract.own === true},
	live: [${liveParts(contract)
		.map((name) => `'${name}'`)
		.join(', ')}],
	commands: {
${commandsOf(contract)
	.map(([name, command]) => `${name}: ${flags(command)},`)
	.join('\n')}
	},
}`;

/** Members of KindHandle, which a command would hide. */
const RESERVED = new Set(['view', 'isOpen', 'open', 'want', 'on', 'run', 'tell', 'close']);

function methods(contract: KindContract): string {
	return commandsOf(contract)
		.map(([name, { args }]) => {
			if (RESERVED.has(name)) throw new Error(`${contract.kind}: a command is named ${name}`);
			const type = `Commands['${name}']`;
			const given = hasNoFields(args) ? `args: ${type}['args'] = {}` : `args: ${type}['args']`;
			return `${name}(${given}): Promise<${type}['reply']> {\nreturn this.run('${name}', args);\n}`;
		})
		.join('\n\n');
}

/** The unformatted source of one kind's generated file. */
export function kindFile(module: ProtocolModule, contract: KindContract): string {
	const writer = new TypeWriter(module);
	const name = pascal(contract.kind);
	const types = `${name}Types`;
	const shape = `export interface ${types} {
readonly openArgs: ${writer.text(contract.openArgs, 'input')};
readonly view: ${writer.text(contract.view, 'output')};
readonly commands: ${commandTypes(contract, writer)};
readonly events: ${record(contract.events, writer)};
readonly ephemerals: ${record(contract.ephemerals, writer)};
}`;
	const isSeat = contract.style === 'seat';
	const base = isSeat
		? "import type { KindTable } from '../kind-table.ts';"
		: "import { KindHandle } from '../kind-handle.ts';\nimport type { KindTable } from '../kind-table.ts';";
	const handle = `type Commands = ${types}['commands'];

/** The commands of \`${contract.kind}\`, typed. */
export class ${name}Handle extends KindHandle<${types}> {
${methods(contract)}
}`;
	return `// Written by \`npm run sdk:generate\` from src/protocol/${module.file}.ts; edit that.
${base}

${writer.definitions()}

${shape}

export const ${camel(contract.kind)}Table: KindTable = ${tableText(contract)};
${isSeat ? '' : `\n${handle}\n`}`;
}
