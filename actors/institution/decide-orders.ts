import type { Command, Context, Decision, Rejection } from '../../src/core/actor-kind.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { institutionContract } from '../../src/protocol/institution.ts';
import type { Args } from '../../src/protocol/kind.ts';
import type { InstitutionEvent, StoodEvent } from './institution-events.ts';
import type { InstitutionState } from './institution-state.ts';
import { type Health, infoOf, initialStanding, type Mode, type Standing } from './standing.ts';

type Contract = typeof institutionContract;
type InstitutionDecision = Decision<InstitutionEvent>;

export const refuse = (code: ErrorCode, message: string): Rejection => ({
	ok: false,
	code,
	message,
});

const UNCHANGED = { ok: true, events: [], reply: {} } as const;

/** Nodes bring what their settings say; a rate that was set since stays until the settings change. */
export function ensure(
	state: InstitutionState,
	command: Command,
	{ now, exists }: Context,
): InstitutionDecision {
	const { settings: rules } = command.args as Args<Contract, 'ensure'>;
	const { standing } = state;
	if (!exists)
		return stood('ensured', { standing: initialStanding(rules, now), at: now, reason: 'made' });
	if (JSON.stringify(standing.rules) === JSON.stringify(rules)) return UNCHANGED;
	const isOther = standing.rules.ratePerSecond !== rules.ratePerSecond;
	const next: Standing = {
		...standing,
		rules,
		version: standing.version + 1,
		route: Math.min(standing.route, rules.routes - 1),
		ratePerSecond: isOther ? rules.ratePerSecond : standing.ratePerSecond,
	};
	return stood('ensured', { standing: next, at: now, reason: 'the settings have changed' });
}

const stood = (type: 'ensured' | 'told', data: StoodEvent): InstitutionDecision => ({
	ok: true,
	events: [{ type, data }],
	reply: {},
});

function healthOf({ auto, health }: Standing, mode: Mode): Health {
	if (mode === 'forced-open') return 'CRITICAL';
	if (mode === 'auto')
		return { closed: health, open: 'CRITICAL', recovering: 'CAUTION' }[auto] as Health;
	return health === 'CRITICAL' ? 'CAUTION' : health;
}

/** An order of operators (I15). Back to `auto`, the circuit stands where it stood. */
function circuit(
	state: InstitutionState,
	{ args, caller }: Command,
	now: number,
): InstitutionDecision {
	const { mode } = args as Args<Contract, 'circuit'>;
	const { standing, id } = state;
	if (mode === standing.mode) return { ...UNCHANGED, reply: infoOf(id, standing) };
	const calm = mode === 'auto' && standing.auto === 'closed' ? 'HEALTHY' : undefined;
	const health = calm ?? healthOf(standing, mode);
	const isOpen = mode === 'auto' && standing.auto === 'open';
	const next: Standing = {
		...standing,
		mode,
		step: 0,
		canaries: [],
		silent: [],
		generation: standing.generation + 1,
		version: standing.version + 1,
		since: now,
		turnedTime: state.time,
		expectedAt: isOpen ? now + standing.rules.breaker.expectedMs : 0,
		...(health === standing.health
			? {}
			: { health, prevStatus: standing.health, healthTime: state.time }),
	};
	const data = { standing: next, at: now, reason: `set to ${mode}`, by: caller.userId };
	return {
		ok: true,
		events: [{ type: 'turned', data }],
		reply: infoOf(id, next),
	};
}

function route(
	state: InstitutionState,
	{ args, caller }: Command,
	now: number,
): InstitutionDecision {
	const { route: next } = args as Args<Contract, 'route'>;
	const { standing } = state;
	if (next >= standing.rules.routes) {
		return refuse('CONFLICT', 'this institution has no secondary route');
	}
	if (next === standing.route) return UNCHANGED;
	const changed = { ...standing, route: next, version: standing.version + 1 };
	const reason = `route ${next} was set`;
	return stood('told', { standing: changed, at: now, reason, by: caller.userId });
}

function rate(
	state: InstitutionState,
	{ args, caller }: Command,
	now: number,
): InstitutionDecision {
	const { perSecond } = args as Args<Contract, 'rate'>;
	const { standing } = state;
	if (perSecond === standing.ratePerSecond && standing.rateFactor === 1) return UNCHANGED;
	const changed: Standing = {
		...standing,
		ratePerSecond: perSecond,
		rateFactor: 1,
		version: standing.version + 1,
	};
	const reason = `a rate of ${perSecond}/s was set`;
	return stood('told', { standing: changed, at: now, reason, by: caller.userId });
}

/** What operators order, by command. */
export const ORDERS = { circuit, route, rate } as const;
