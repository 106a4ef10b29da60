import { z } from 'zod';
import type { CommandContract, KindContract } from '../../src/protocol/kind.ts';
import { type NamedTypes, pascal } from './named-types.ts';
import type { JsonSchema } from './type-text.ts';

export const camel = (kind: string): string => {
	const name = pascal(kind);
	return name.charAt(0).toLowerCase() + name.slice(1);
};

export const isContract = (value: unknown): value is KindContract =>
	typeof value === 'object' && value !== null && 'kind' in value && 'commands' in value;

/** Writes a schema's type. */
type Writer = (schema: z.ZodType, io: 'input' | 'output') => string;

const record = (types: Readonly<Record<string, z.ZodType>>, writer: Writer) =>
	`{\n${Object.entries(types)
		.map(([name, schema]) => `readonly ${name}: ${writer(schema, 'output')};`)
		.join('\n')}\n}`;

const commandTypes = (contract: KindContract, writer: Writer) =>
	`{\n${commandsOf(contract)
		.map(
			([name, { args, reply }]) =>
				`readonly ${name}: { readonly args: ${writer(args, 'input')}; readonly reply: ${writer(reply, 'output')} };`,
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

/** The unformatted source of one kind's generated file; `file`: what holds its contract. */
export function kindFile(contract: KindContract, file: string, named: NamedTypes): string {
	const used = new Set<string>();
	const writer: Writer = (schema, io) => named.text(schema, io, used);
	const name = pascal(contract.kind);
	const types = `${name}Types`;
	const shape = `export interface ${types} {
readonly openArgs: ${writer(contract.openArgs, 'input')};
readonly view: ${writer(contract.view, 'output')};
readonly commands: ${commandTypes(contract, writer)};
readonly events: ${record(contract.events, writer)};
readonly ephemerals: ${record(contract.ephemerals, writer)};
}`;
	const isSeat = contract.style === 'seat';
	const imports = [
		...(isSeat ? [] : ["import { KindHandle } from '../kind-handle.ts';"]),
		"import type { KindTable } from '../kind-table.ts';",
		...(used.size === 0
			? []
			: [`import type { ${[...used].sort().join(', ')} } from './schemas.ts';`]),
	];
	const handle = `type Commands = ${types}['commands'];

/** The commands of \`${contract.kind}\`, typed. */
export class ${name}Handle extends KindHandle<${types}> {
${methods(contract)}
}`;
	return `// Written by \`npm run sdk:generate\` from src/protocol/${file}.ts; edit that.
${imports.join('\n')}

${shape}

export const ${camel(contract.kind)}Table: KindTable = ${tableText(contract)};
${isSeat ? '' : `\n${handle}\n`}`;
}
