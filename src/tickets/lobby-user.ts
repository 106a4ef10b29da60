import type { TicketEventState, TicketMe } from '../protocol/ticket-event.ts';
import type { AdmissionProofs } from './admission-proof.ts';
import type { LobbySession } from './lobby-session.ts';
import type { WheelMember } from './ticket-tiers.ts';

/** Nothing held: shared, for most users hold nothing. */
export const NOTHING_HELD: TicketMe['held'] = { seats: [], quantity: 0 };

/** The signed form of an admission. */
interface Proof {
	readonly admission: string;
	readonly deadline: number;
	readonly text: Promise<string>;
}

/** A user who is on this node, with all devices and pages. Small: there may be hundreds of thousands. */
export class LobbyUser implements WheelMember {
	readonly userId: string;
	readonly sessions: LobbySession[] = [];
	/** What the actor said last, with its own id of the admission; nothing while it is asked. */
	me: TicketMe | undefined;
	/** How many queues had ended when it said so. */
	round = 0;
	/** When the actor told of the user by itself: an answer that had not heard it is older. */
	newsAt = 0;
	/** The time of the tick that was told last. */
	tickAt = 0;
	proof: Proof | undefined;
	/** Answers on their way that say where the user stands: news waits, so that none is overtaken. */
	hushes = 0;
	/** Something was held back. */
	isOwed = false;
	tier = 0;
	slot = -1;
	index = 0;

	constructor(userId: string) {
		this.userId = userId;
	}
}

/** The same objects for all: what is told to many is packed once. */
const OUTSIDE = {
	before: { phase: 'before', held: NOTHING_HELD },
	soldOut: { phase: 'soldOut', held: NOTHING_HELD },
	closed: { phase: 'closed', held: NOTHING_HELD },
} as const satisfies Partial<Record<TicketMe['phase'], TicketMe>>;

const isIn = ({ phase }: TicketMe) => phase === 'inside' || phase === 'paying' || phase === 'done';

export const isQueued = (me: TicketMe | undefined): boolean =>
	me?.phase === 'waiting' || me?.phase === 'turn';

/** Where whoever is not inside stands in a sale of this state. */
export const outsideOf = (state: TicketEventState): 'before' | 'soldOut' | 'closed' =>
	state === 'soldOut' || state === 'closed' ? state : 'before';

/**
 * Where a user stands now: what the actor said, unless the queue has ended since (`hasEnded`); whoever
 * is outside sees the state of the sale.
 */
export function standingOf(me: TicketMe, state: TicketEventState, hasEnded: boolean): TicketMe {
	if (isIn(me) || (isQueued(me) && !hasEnded)) return me;
	const phase = outsideOf(state);
	if (me.phase === phase) return me;
	const { ended } = me;
	return ended === undefined ? OUTSIDE[phase] : { ...OUTSIDE[phase], ended };
}

/** Where a user stands, with the signed proof in place of the admission's id. */
export async function withProof(
	proofs: AdmissionProofs | undefined,
	user: LobbyUser,
	me: TicketMe,
): Promise<TicketMe> {
	const { admission, deadline } = me;
	if (admission === undefined || deadline === undefined || proofs === undefined) return me;
	if (user.proof?.admission !== admission || user.proof.deadline !== deadline) {
		const text = proofs.sign({ userId: user.userId, id: admission, deadline });
		user.proof = { admission, deadline, text };
		text.catch(() => {
			// Signed anew by the next who asks.
			user.proof = undefined;
		});
	}
	return { ...me, admission: await user.proof.text };
}
