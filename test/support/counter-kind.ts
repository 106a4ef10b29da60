import { z } from 'zod';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { defineKind } from '../../src/protocol/kind.ts';

/** The smallest actor that shows everything a host has to do. */
const counterContract = defineKind({
	kind: 'counter',
	style: 'stream',
	openArgs: z.object({}),
	view: z.object({ total: z.int() }),
	commands: {
		add: { args: z.object({ by: z.int() }), reply: z.object({ total: z.int() }), creates: true },
		refuse: { args: z.object({ code: z.string() }), reply: z.object({}) },
		throwInDecide: { args: z.object({}), reply: z.object({}) },
		throwInEvolve: { args: z.object({}), reply: z.object({}) },
		/** Its code throws where the name says: `show`, `project`, `needs`, `nextWakeAt`, `intents`. */
		throwIn: { args: z.object({ where: z.string() }), reply: z.object({}) },
		/** Answers with what the store and the unprojected events say of an earlier addition. */
		look: {
			args: z.object({ at: z.int() }),
			reply: z.object({ by: z.int().optional(), additions: z.int() }),
		},
		remind: { args: z.object({ at: z.int() }), reply: z.object({}), creates: true },
		callOut: { args: z.object({ id: z.string() }), reply: z.object({}), creates: true },
		/** Adds to another counter, through an intent. */
		pass: { args: z.object({ to: z.string(), by: z.int() }), reply: z.object({}), creates: true },
		mark: {
			args: z.object({ n: z.int() }),
			reply: z.object({ marks: z.int() }),
			requests: 'none',
			gatherMs: 1_000,
		},
		total: { args: z.object({}), reply: z.object({ total: z.int() }), query: true },
	},
	events: { added: z.object({ by: z.int() }), fired: z.object({ at: z.int() }) },
	ephemerals: { waved: z.object({ userId: z.string() }) },
});

export interface CounterState {
	total: number;
	additions: number;
	marks: number;
	reminders: number[];
	fired: number;
	calls: string[];
	tells: { id: string; to: ActorKey; by: number }[];
	told: number;
	results: unknown[];
	/** Where the code throws from now on. */
	trap: string;
}

/** Arguments and data of all commands and events, each using its own fields. */
interface Given {
	readonly by: number;
	readonly at: number;
	readonly id: string;
	readonly code: ErrorCode;
	readonly to: ActorKey;
	readonly where: string;
	readonly result: unknown;
}

export interface CounterEvent {
	readonly type: string;
	readonly data: unknown;
}

function trap(state: CounterState, where: string): void {
	if (state.trap === where) throw new Error(where);
}

const ok = (events: CounterEvent[], reply: unknown = {}) => ({ ok: true as const, events, reply });

export const counterKind: ActorKind<CounterState, CounterEvent> = {
	contract: counterContract,
	collections: [
		{
			name: 'additions',
			key: [
				{ name: 'counter', type: 'text' },
				{ name: 'n', type: 'int' },
			],
		},
	],
	eventVersions: {
		added: 1,
		broken: 1,
		trapped: 1,
		reminded: 1,
		fired: 1,
		called: 1,
		passed: 1,
		done: 1,
		marked: 1,
	},
	initial: () => ({
		total: 0,
		additions: 0,
		marks: 0,
		reminders: [],
		fired: 0,
		calls: [],
		tells: [],
		told: 0,
		results: [],
		trap: '',
	}),
	decide: (state, { name, args }, context) => {
		const given = args as Given;
		if (name === 'add') {
			return ok([{ type: 'added', data: { by: given.by } }], { total: state.total + given.by });
		}
		if (name === 'refuse') return { ok: false, code: given.code };
		if (name === 'throwInDecide') throw new Error('decide');
		if (name === 'throwInEvolve') return ok([{ type: 'broken', data: {} }]);
		if (name === 'throwIn') return ok([{ type: 'trapped', data: { where: given.where } }]);
		if (name === 'pass') return ok([{ type: 'passed', data: { to: given.to, by: given.by } }]);
		if (name === 'look') {
			return ok([], { by: context.loaded[0]?.doc.by, additions: state.additions });
		}
		if (name === 'remind') return ok([{ type: 'reminded', data: { at: given.at } }]);
		if (name === 'wake') {
			const due = state.reminders.filter((at) => at <= context.now);
			return ok(due.map((at) => ({ type: 'fired', data: { at } })));
		}
		if (name === 'callOut') return ok([{ type: 'called', data: { id: given.id } }]);
		if (name === 'intentDone') return ok([{ type: 'done', data: given }]);
		return ok([{ type: 'marked', data: {} }], { marks: state.marks + 1 });
	},
	evolve: (state, event) => {
		const { type } = event;
		const data = event.data as Given;
		if (type === 'broken') {
			state.total = Number.NaN;
			throw new Error('evolve');
		}
		if (type === 'added') {
			state.total += data.by;
			state.additions++;
		}
		if (type === 'trapped') state.trap = data.where;
		if (type === 'passed') {
			state.told++;
			state.tells.push({ id: `tell-${state.told}`, to: data.to, by: data.by });
		}
		if (type === 'marked') state.marks++;
		if (type === 'reminded') state.reminders.push(data.at);
		if (type === 'fired') {
			state.reminders.splice(state.reminders.indexOf(data.at), 1);
			state.fired++;
		}
		if (type === 'called') state.calls.push(data.id);
		if (type === 'done') {
			state.calls = state.calls.filter((id) => id !== data.id);
			state.tells = state.tells.filter(({ id }) => id !== data.id);
			state.results.push(data.result);
		}
		return state;
	},
	needs: (_, { name, args }, id) => {
		const given = args as Given;
		if (name === 'throwIn' && given.where === 'needs') throw new Error('needs');
		return name === 'look' ? [['additions', [id, given.at]]] : [];
	},
	nextWakeAt: (state) => {
		trap(state, 'nextWakeAt');
		return state.reminders.length > 0 ? Math.min(...state.reminders) : undefined;
	},
	intents: (state) => {
		trap(state, 'intents');
		const calls = state.calls.map(
			(id) => ({ kind: 'call', id, port: 'outside', args: {} }) as const,
		);
		const tells = state.tells.map(
			({ id, to, by }) => ({ kind: 'tell', id, to, name: 'add', args: { by } }) as const,
		);
		return [...calls, ...tells];
	},
	grant: (_, { userId }) => {
		if (userId === 'trap') throw new Error('grant');
		return userId === 'mallory' ? { ok: false, code: 'FORBIDDEN' } : { ok: true };
	},
	view: ({ total }) => ({ ok: true, run: () => ({ total }) }),
	show: ({ type, data }) => {
		if (type === 'trapped' && (data as Given).where === 'show') throw new Error('show');
		return [{ type, data, audience: 'all' }];
	},
	query: ({ total }) => ({ ok: true, run: () => ({ total }) }),
	ephemeral: (_, { userId }, type) => ({ type, data: { userId }, audience: 'all' }),
	project: (state, { type, data }, { id }) => {
		trap(state, 'project');
		return type === 'added'
			? [
					{
						op: 'put',
						collection: 'additions',
						key: [id, state.additions],
						doc: { by: (data as Given).by },
					},
				]
			: [];
	},
	cut: (state) => [structuredClone(state)],
	restore: (_, [state]) => structuredClone(state) as CounterState,
	figures: ({ total }) => ({ total }),
};
