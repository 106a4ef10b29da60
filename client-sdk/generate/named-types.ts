import { z } from 'zod';
import { type JsonSchema, typeText } from './type-text.ts';

/** What a module of src/protocol exports, by name. */
export type ProtocolExports = Readonly<Record<string, unknown>>;

export const pascal = (kind: string): string =>
	kind.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** `messageSchema` becomes the type `Message`; plain strings and numbers keep no name. */
function namesOf(modules: readonly ProtocolExports[]) {
	const names = z.registry<{ id: string }>();
	for (const [name, value] of modules.flatMap((module) => Object.entries(module))) {
		if (!name.endsWith('Schema') || !(value instanceof z.ZodType) || names.has(value)) continue;
		const { type } = z.toJSONSchema(value, { io: 'input', unrepresentable: 'any' });
		const isNamed = type === 'object' || value instanceof z.ZodEnum;
		if (isNamed) names.add(value, { id: pascal(name.replace(/Schema$/, '')) });
	}
	return names;
}

/** The names that a schema mentions itself, leaving out what those mention. */
function mentioned(schema: unknown, names: Set<string>): void {
	if (typeof schema !== 'object' || schema === null) return;
	for (const [key, value] of Object.entries(schema)) {
		if (key === '$ref') names.add(nameOf(String(value)));
		else if (key !== '$defs') mentioned(value, names);
	}
}

const nameOf = (ref: string) => ref.slice(ref.lastIndexOf('/') + 1);

/** Schemas that modules of src/protocol export, as types: each is written once, under its name. */
export class NamedTypes {
	readonly #names;
	readonly #defined = new Map<string, string>();

	constructor(modules: readonly ProtocolExports[]) {
		this.#names = namesOf(modules);
	}

	/** The type of a schema; `used` gets the names in it. */
	text(schema: z.ZodType, io: 'input' | 'output', used: Set<string>): string {
		const json = z.toJSONSchema(schema, {
			io,
			metadata: this.#names,
			unrepresentable: 'any',
		}) as JsonSchema;
		for (const [name, def] of Object.entries(json.$defs ?? {})) this.#define(name, def);
		mentioned(json, used);
		return typeText(json);
	}

	/** The unformatted source of the file that holds all that were mentioned so far. */
	file(): string {
		const types = [...this.#defined]
			.sort(([one], [other]) => (one < other ? -1 : 1))
			.map(([name, text]) =>
				text.startsWith('{')
					? `export interface ${name} ${text}`
					: `export type ${name} = ${text};`,
			);
		return `// Written by \`npm run sdk:generate\` from src/protocol; edit that.
${types.join('\n\n')}
`;
	}

	#define(name: string, schema: JsonSchema): void {
		const text = typeText(schema);
		const before = this.#defined.get(name);
		// With defaults a schema has two types, so it must not have one name.
		if (before !== undefined && before !== text) throw new Error(`${name} has two types`);
		this.#defined.set(name, text);
	}
}
