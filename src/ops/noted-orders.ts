import type { ActorPort, CommandAnswer } from '../core/actor-port.ts';
import { splitKey } from '../protocol/ids.ts';
import type { AuditEntry } from '../protocol/ops.ts';
import type { Operations } from './operations.ts';

type Deed = AuditEntry['what'];

/** What operators order of actors, by kind and command; all else passes as it is. */
const DEEDS: ReadonlyMap<string, ReadonlyMap<string, Deed>> = new Map(
	Object.entries({
		institution: { circuit: 'setCircuit', route: 'setRoute', rate: 'setRate' },
		'refresh-plan': { pause: 'pauseRefresh', resume: 'resumeRefresh', rate: 'setRefreshRate' },
		'ticket-event': {
			create: 'createEvent',
			settings: 'changeEvent',
			pause: 'pauseEvent',
			resume: 'resumeEvent',
			close: 'closeEvent',
			resolve: 'resolveOrder',
			refund: 'refundOrder',
		},
	} satisfies Record<string, Record<string, Deed>>).map(([kind, deeds]) => [
		kind,
		new Map(Object.entries(deeds)),
	]),
);

/**
 * The way of sockets to actors: what an operator orders is in the audit trail before it happens, and does
 * not happen when it cannot be noted.
 */
export function notedOrders(actors: ActorPort, operations: Pick<Operations, 'note'>): ActorPort {
	const command: ActorPort['command'] = (key, request, answer) => {
		const { caller, name } = request;
		const deed = caller.roles.includes('ops')
			? DEEDS.get(splitKey(key).kind)?.get(name)
			: undefined;
		if (deed === undefined) {
			actors.command(key, request, answer);
			return;
		}
		const go = (refused: CommandAnswer | undefined) =>
			refused === undefined ? actors.command(key, request, answer) : answer(refused);
		void operations.note(caller, deed, key).then(go);
	};
	return {
		command,
		open: (key, request, answer) => actors.open(key, request, answer),
		reopen: (key, request, answer) => actors.reopen(key, request, answer),
		ephemeral: (key, caller, event) => actors.ephemeral(key, caller, event),
		closeOpening: (key, opening) => actors.closeOpening(key, opening),
		unsubscribe: (key, subscriber) => actors.unsubscribe(key, subscriber),
		peek: (key) => actors.peek(key),
	};
}
