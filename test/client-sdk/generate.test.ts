import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { GENERATED, generate } from '../../client-sdk/generate/generate.ts';
import { kindFile } from '../../client-sdk/generate/kind-file.ts';
import { NamedTypes } from '../../client-sdk/generate/named-types.ts';
import { typeText } from '../../client-sdk/generate/type-text.ts';
import { defineKind } from '../../src/protocol/kind.ts';

const typeOf = (schema: z.ZodType) =>
	typeText(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as never);

describe('generated types', () => {
	test('are those of src/protocol as it is: otherwise run npm run sdk:generate', async () => {
		const fresh = await generate();
		const kept = new Map(
			readdirSync(GENERATED).map((name) => [name, readFileSync(join(GENERATED, name), 'utf8')]),
		);
		expect([...kept.keys()].sort()).toEqual([...fresh.keys()].sort());
		const stale = [...fresh].filter(([name, source]) => kept.get(name) !== source);
		expect(stale.map(([name]) => name)).toEqual([]);
	});

	test.each([
		[z.string(), 'string'],
		[z.int().positive(), 'number'],
		[z.boolean().nullable(), '(boolean | null)'],
		[z.unknown(), 'unknown'],
		[z.enum(['a', 'b']), "('a' | 'b')"],
		[z.literal(3), '3'],
		[z.array(z.string()), 'readonly (string)[]'],
		[z.tuple([z.int(), z.string()]), 'readonly [number, string]'],
		[z.record(z.string(), z.int()), 'Readonly<Record<string, number>>'],
		[z.object({}), 'Readonly<Record<string, never>>'],
		[z.object({ a: z.int().default(1) }), '{\nreadonly a?: number | undefined;\n}'],
		[
			z.discriminatedUnion('t', [z.object({ t: z.literal('x') }), z.object({ t: z.literal('y') })]),
			"({\nreadonly t: 'x';\n} | {\nreadonly t: 'y';\n})",
		],
	])('case %#', (schema, text) => {
		expect(typeOf(schema)).toBe(text);
	});

	const event = z.object({ phase: z.string() });
	const contract = defineKind({
		kind: 'ticket-event',
		style: 'stream',
		openArgs: z.object({}),
		view: z.object({ me: event, title: z.string() }),
		commands: {
			hold: { args: z.object({ seats: z.array(z.string()) }), reply: z.object({}) },
			leave: { args: z.object({}), reply: z.object({}), requests: 'none' },
			renew: { args: z.object({}), reply: z.object({}), by: 'nodes' },
		},
		events: { me: event, sold: z.object({}) },
		ephemerals: {},
	} as const);

	test('a new kind gets a handle with its commands, and its live parts, by itself', () => {
		const named = new NamedTypes([{ eventSchema: event }]);
		const source = kindFile(contract, 'ticket-event', named);
		expect(source).toContain('export class TicketEventHandle extends KindHandle<TicketEventTypes>');
		expect(source).not.toContain('renew');
		expect(source).toContain("hold(args: Commands['hold']['args'])");
		expect(source).toContain("leave(args: Commands['leave']['args'] = {})");
		expect(source).toContain("live: ['me']");
		expect(source).toContain("leave: { requests: 'none' }");
		expect(source).toContain('readonly me: Event;');
		expect(source).toContain("import type { Event } from './schemas.ts';");
		expect(named.file()).toContain('export interface Event {\nreadonly phase: string;\n}');
	});

	test('a schema that several kinds mention is written once, with what it mentions itself', () => {
		const state = z.enum(['open', 'closed']);
		const info = z.object({ state });
		const named = new NamedTypes([{ infoSchema: info }, { stateSchema: state, infoSchema: info }]);
		const view = (kind: string) =>
			kindFile({ ...contract, kind, view: info, events: {} }, kind, named);
		for (const source of [view('one'), view('other')]) {
			expect(source).toContain("import type { Info } from './schemas.ts';");
			expect(source).not.toContain('interface Info');
		}
		expect(named.file().match(/export (?:interface|type) \w+/g)).toEqual([
			'export interface Info',
			'export type State',
		]);
	});

	test('a name that stands for two types is refused', () => {
		const [one, other] = [z.object({ at: z.int() }), z.object({ at: z.string() })];
		const named = new NamedTypes([{ infoSchema: one }, { infoSchema: other }]);
		named.text(one, 'output', new Set());
		expect(() => named.text(other, 'output', new Set())).toThrow('Info has two types');
	});

	test('a command with the name of a member of every handle is refused', () => {
		const { commands } = contract;
		const bad = { ...contract, commands: { ...commands, open: commands.leave } };
		expect(() => kindFile(bad, 'x', new NamedTypes([]))).toThrow(/named open/);
	});
});
