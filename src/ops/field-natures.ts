import { z } from 'zod';
import { ID } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';

/**
 * What a contract says of the fields of one name: free text, an id, whatever an application likes, one
 * of a few words of the protocol, or none of these (numbers, parts).
 */
export type FieldNature = 'anything' | 'text' | 'id' | 'plain' | ReadonlySet<string>;
export type FieldNatures = ReadonlyMap<string, FieldNature>;

/** JSON Schema, as far as it matters here. */
interface Schema {
	readonly type?: string;
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly pattern?: string;
	readonly anyOf?: readonly Schema[];
	readonly oneOf?: readonly Schema[];
	readonly allOf?: readonly Schema[];
	readonly items?: Schema;
	readonly prefixItems?: readonly Schema[];
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: boolean | Schema;
	readonly $ref?: string;
	readonly $defs?: Readonly<Record<string, Schema>>;
}

const RANK = { anything: 4, text: 3, id: 2, words: 1, plain: 0 } as const;
const rankOf = (nature: FieldNature) => RANK[typeof nature === 'string' ? nature : 'words'];

/** The one that hides more; words of both. */
function stricter(one: FieldNature, other: FieldNature): FieldNature {
	if (typeof one !== 'string' && typeof other !== 'string') return new Set([...one, ...other]);
	return rankOf(one) >= rankOf(other) ? one : other;
}

/** The schemas of which a value of this one may be. */
const partsOf = ({ anyOf = [], oneOf = [], allOf = [], items, prefixItems = [] }: Schema) => [
	...anyOf,
	...oneOf,
	...allOf,
	...prefixItems,
	...(items === undefined ? [] : [items]),
];

function natureOfText({ const: only, enum: words, pattern }: Schema): FieldNature {
	if (typeof only === 'string') return new Set([only]);
	if (words !== undefined) return new Set(words.map(String));
	return pattern === ID.source ? 'id' : 'text';
}

function natureOf(schema: Schema): FieldNature {
	const parts = partsOf(schema);
	if (schema.type === 'string' || typeof schema.const === 'string') return natureOfText(schema);
	if (parts.length > 0) return parts.map(natureOf).reduce(stricter);
	const isOpen =
		schema.type === undefined && schema.const === undefined && schema.enum === undefined;
	return isOpen && schema.$ref === undefined ? 'anything' : 'plain';
}

function gather(schema: Schema, natures: Map<string, FieldNature>): void {
	for (const [name, field] of Object.entries(schema.properties ?? {})) {
		const nature = natureOf(field);
		natures.set(name, stricter(natures.get(name) ?? nature, nature));
		gather(field, natures);
	}
	const { additionalProperties: values } = schema;
	const inside = [...partsOf(schema), ...Object.values(schema.$defs ?? {})];
	for (const part of inside) gather(part, natures);
	if (typeof values === 'object') gather(values, natures);
}

/** The natures of all fields in a contract, by their names; a name that is free text anywhere is it everywhere. */
export function fieldNatures(contract: KindContract): FieldNatures {
	const { openArgs, view, commands, events, ephemerals } = contract;
	const natures = new Map<string, FieldNature>();
	const schemas = [
		openArgs,
		view,
		...Object.values(commands).flatMap(({ args, reply }) => [args, reply]),
		...Object.values(events),
		...Object.values(ephemerals),
	];
	for (const schema of schemas) {
		gather(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema, natures);
	}
	return natures;
}
