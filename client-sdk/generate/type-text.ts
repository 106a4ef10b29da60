/** JSON Schema, as `z.toJSONSchema` writes it, told as TypeScript. */
export interface JsonSchema {
	readonly $ref?: string;
	readonly type?: string | readonly string[];
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly anyOf?: readonly JsonSchema[];
	readonly oneOf?: readonly JsonSchema[];
	readonly allOf?: readonly JsonSchema[];
	readonly items?: JsonSchema;
	readonly prefixItems?: readonly JsonSchema[];
	readonly properties?: Readonly<Record<string, JsonSchema>>;
	readonly required?: readonly string[];
	readonly additionalProperties?: boolean | JsonSchema;
	readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

const PLAIN: Readonly<Record<string, string>> = {
	string: 'string',
	integer: 'number',
	number: 'number',
	boolean: 'boolean',
	null: 'null',
};

const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));

const property = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`);

const joined = (parts: readonly JsonSchema[], by: ' | ' | ' & ') =>
	`(${parts.map(typeText).join(by)})`;

function objectText(schema: JsonSchema): string {
	const { properties = {}, required = [], additionalProperties } = schema;
	const names = Object.keys(properties);
	if (names.length === 0) {
		return typeof additionalProperties === 'object'
			? `Readonly<Record<string, ${typeText(additionalProperties)}>>`
			: 'Readonly<Record<string, never>>';
	}
	const fields = names.map((name) => {
		const type = typeText(properties[name] ?? {});
		return required.includes(name)
			? `readonly ${property(name)}: ${type};`
			: `readonly ${property(name)}?: ${type} | undefined;`;
	});
	return `{\n${fields.join('\n')}\n}`;
}

function arrayText(schema: JsonSchema): string {
	if (schema.prefixItems) return `readonly [${schema.prefixItems.map(typeText).join(', ')}]`;
	return `readonly (${typeText(schema.items ?? {})})[]`;
}

/** The TypeScript type of a schema; `unknown` for one without limits. Formatting is left to Biome. */
export function typeText(schema: JsonSchema): string {
	if (schema.$ref) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
	if (schema.const !== undefined) return literal(schema.const);
	if (schema.enum) return `(${schema.enum.map(literal).join(' | ')})`;
	const union = schema.anyOf ?? schema.oneOf;
	if (union) return joined(union, ' | ');
	if (schema.allOf) return joined(schema.allOf, ' & ');
	if (Array.isArray(schema.type))
		return joined(
			schema.type.map((type) => ({ type })),
			' | ',
		);
	if (schema.type === 'object') return objectText(schema);
	if (schema.type === 'array') return arrayText(schema);
	return PLAIN[String(schema.type)] ?? 'unknown';
}
