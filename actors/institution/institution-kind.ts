import type {
	ActorKind,
	Caller,
	Command,
	Context,
	Decision,
	QueryPlan,
} from '../../src/core/actor-kind.ts';
import { institutionContract } from '../../src/protocol/institution.ts';
import { boardOf, figuresOf } from './board.ts';
import { ensure, ORDERS, refuse } from './decide-orders.ts';
import { decidePermits } from './decide-permits.ts';
import { decideReport } from './decide-report.ts';
import { evolveInstitution } from './evolve-institution.ts';
import { INSTITUTION_EVENT_VERSIONS, type InstitutionEvent } from './institution-events.ts';
import { type InstitutionState, initialInstitution } from './institution-state.ts';
import {
	INSTITUTION_COLLECTIONS,
	lastTurns,
	projectInstitution,
	showInstitution,
} from './project-institution.ts';
import { institutionPublishing } from './publish-institution.ts';
import { cutInstitution, restoreInstitution } from './snapshot-institution.ts';
import { gateOf, infoOf } from './standing.ts';

const FOR_NODES = refuse('FORBIDDEN', 'only nodes may do this');
const FOR_OPERATORS = refuse('FORBIDDEN', 'only operators may do this');
const MISSING = refuse('NOT_FOUND', 'there is no institution of this id');

const isNode = ({ roles }: Caller) => roles.includes('system');
const isOperator = ({ roles }: Caller) => roles.includes('ops');

const REPORTS = { report: decideReport, permits: decidePermits, ensure } as const;

function decide(
	state: InstitutionState,
	command: Command,
	context: Context,
): Decision<InstitutionEvent> {
	const { name, caller } = command;
	if (Object.hasOwn(REPORTS, name)) {
		if (!isNode(caller)) return FOR_NODES;
		if (!context.exists && name !== 'ensure') return MISSING;
		return REPORTS[name as keyof typeof REPORTS](state, command, context);
	}
	if (!context.exists) return MISSING;
	if (!Object.hasOwn(ORDERS, name)) {
		return refuse('INVALID', `institutions have no command ${name}`);
	}
	if (!isOperator(caller)) return FOR_OPERATORS;
	return ORDERS[name as keyof typeof ORDERS](state, command, context.now);
}

function query(
	state: InstitutionState,
	{ name, caller }: Command,
	{ now }: { readonly now: number },
): QueryPlan {
	if (name !== 'board') return refuse('INVALID', 'no such query');
	if (!isOperator(caller)) return FOR_OPERATORS;
	const board = boardOf(state, now);
	const { id } = state;
	return { ok: true, run: async (reads) => ({ ...board, turns: await lastTurns(id, reads) }) };
}

/** One institution: coordinator of its circuit and its permits for the whole cluster (I10 to I15, I22). */
export const institutionKind: ActorKind<InstitutionState, InstitutionEvent> = {
	contract: institutionContract,
	collections: INSTITUTION_COLLECTIONS,
	eventVersions: INSTITUTION_EVENT_VERSIONS,
	initial: initialInstitution,
	decide,
	evolve: evolveInstitution,
	grant: () => ({ ok: true }),
	view: ({ id, standing }, caller, { now }) => {
		const gate = isNode(caller) ? { gate: gateOf(standing, now) } : {};
		const view = { ...infoOf(id, standing), ...gate };
		return { ok: true, run: () => view };
	},
	show: showInstitution,
	query,
	project: projectInstitution,
	publishing: institutionPublishing,
	cut: cutInstitution,
	restore: restoreInstitution,
	figures: figuresOf,
};
