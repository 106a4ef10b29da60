import type { Command, Decision } from '../../src/core/actor-kind.ts';
import type { PermitRequest, Permits } from '../../src/protocol/institution-nodes.ts';
import { type Claim, fairShare } from './fair-shares.ts';
import type { InstitutionEvent, PermittedEvent } from './institution-events.ts';
import {
	HOLDERS_MAX,
	type Holder,
	type InstitutionState,
	processKey,
} from './institution-state.ts';
import { permitsOf } from './standing.ts';

/** Those who hold nothing come first, who waits longest before all; then who got something last. */
const turnOf = ({ share, sinceTick }: Pick<Holder, 'share' | 'sinceTick'>) =>
	share === 0 ? sinceTick - Number.MAX_SAFE_INTEGER / 2 : -sinceTick;

function shareOf(
	state: InstitutionState,
	request: PermitRequest,
	{ own, others }: { readonly own: Holder | undefined; readonly others: readonly Holder[] },
): number {
	const { count } = permitsOf(state.standing);
	const taken = others.reduce((sum, { bound }) => sum + bound, 0);
	const free = Math.max(0, count - taken);
	const held = own === undefined ? 0 : Math.min(request.holds, own.bound);
	// What another owner had handed out first goes on as it was.
	if (request.again === true && held > 0) return Math.min(held, count);
	const claimOf = (holder: Holder): Claim => ({ want: holder.want, turn: turnOf(holder) });
	const present = own ?? { share: 0, sinceTick: state.tick + 1 };
	const claim = { want: Math.max(0, Math.floor(request.want)), turn: turnOf(present) };
	const due = fairShare(count, [...others.map(claimOf), claim], claim);
	// Less than is held may always be held on to; more only of what nobody has.
	return Math.min(due, Math.max(free, held));
}

/**
 * A node asks for permits, renews them or gives them back (I22). What all nodes may be using together
 * never rises above the contract's part: a share counts until its node says that it keeps to less, or
 * until it is over for certain. It is over for certain when some node has had a later answer for longer
 * than it was valid: no clock of another machine has a say in it.
 */
export function decidePermits(
	state: InstitutionState,
	{ args, caller }: Command,
): Decision<InstitutionEvent> {
	const request = args as PermitRequest;
	const node = caller.userId;
	const { incarnation, n, holds, past } = request;
	const key = processKey(node, incarnation);
	const own = state.holders.get(key);
	if (own !== undefined && n <= own.n) {
		return { ok: false, code: 'CONFLICT', message: 'a later request came before' };
	}
	const over = [...state.holders]
		.filter(([other, { tick }]) => other !== key && tick <= past)
		.map(([other]) => other);
	const others = [...state.holders]
		.filter(([other]) => other !== key && !over.includes(other))
		.map(([, holder]) => holder);
	if (own === undefined && others.length >= HOLDERS_MAX) {
		return { ok: false, code: 'BUSY', message: 'too many nodes hold permits', retryAfterMs: 5_000 };
	}
	const share = shareOf(state, request, { own, others });
	const held = own === undefined ? 0 : Math.min(holds, own.bound);
	const tick = state.tick + 1;
	const data: PermittedEvent = {
		node,
		incarnation,
		n,
		want: Math.max(0, Math.floor(request.want)),
		share,
		bound: Math.max(share, held),
		tick,
		over,
	};
	const reply: Permits = { share, intervalMs: permitsOf(state.standing).intervalMs, tick };
	return { ok: true, events: [{ type: 'permitted', data }], reply };
}
