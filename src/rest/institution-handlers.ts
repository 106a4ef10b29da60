import type { Caller } from '../core/actor-kind.ts';
import type { OpenAnswer, Subscriber } from '../core/actor-port.ts';
import { actorKey } from '../protocol/ids.ts';
import { type InstitutionInfo, institutionContract } from '../protocol/institution.ts';
import type { RouteName } from '../protocol/rest.ts';
import { type Answer, refuse } from './answer.ts';
import { ask } from './ask.ts';
import type { Handlers, RestRequest } from './handlers.ts';
import type { RestActors, RestPorts } from './ports.ts';

type InstitutionRoute = Extract<RouteName, `${string}Institution${string}`>;
type InstitutionHandlers = { readonly [N in InstitutionRoute]: Handlers[N] };
type Deed = Parameters<RestPorts['audit']['note']>[1];

const keyOf = (id: string) => actorKey(institutionContract.kind, id);

const NONE = refuse('NOT_FOUND', 'no institutions are called from here');

/** The code behind the routes of institutions. */
export function institutionHandlers(
	ports: Pick<RestPorts, 'actors' | 'audit' | 'institutions' | 'institutionTraffic'>,
): InstitutionHandlers {
	const { actors, audit } = ports;

	type Order = Pick<RestRequest<'setInstitutionCircuit'>, 'params' | 'caller' | 'trace'>;
	/** Noted before it happens; what cannot be noted does not. */
	const order =
		<T>(name: string, deed: Deed) =>
		async ({ params: { id }, caller, trace, body: args }: Order & { readonly body: object }) => {
			const refused = await audit.note(caller, deed, keyOf(id));
			return refused ?? ask<T>(actors, keyOf(id), { caller, name, args, trace });
		};

	return {
		listInstitutions: () => {
			const institutions = ports.institutions?.();
			return institutions === undefined ? NONE : { ok: true, reply: [...institutions] };
		},
		trafficOfInstitutions: async () => {
			if (ports.institutionTraffic === undefined) return NONE;
			try {
				return { ok: true, reply: await ports.institutionTraffic() };
			} catch {
				return refuse('UNAVAILABLE', 'the store cannot be read now');
			}
		},
		getInstitution: ({ params, caller }) => institutionInfo(actors, params.id, caller),
		boardOfInstitution: ({ params, caller, trace }) =>
			ask(actors, keyOf(params.id), { caller, name: 'board', args: {}, trace }),
		setInstitutionCircuit: order<InstitutionInfo>('circuit', 'setCircuit'),
		setInstitutionRoute: order<Record<string, never>>('route', 'setRoute'),
		setInstitutionRate: order<Record<string, never>>('rate', 'setRate'),
	};
}

/** What the owner shows of an institution, by opening it for a moment. */
async function institutionInfo(
	actors: RestActors,
	id: string,
	caller: Caller,
): Promise<Answer<InstitutionInfo>> {
	const subscriber: Subscriber = { committed() {}, ephemeral() {}, closed() {} };
	const answer = await new Promise<OpenAnswer>((resolve) => {
		actors.open(keyOf(id), { caller, args: {}, subscriber }, resolve);
	});
	if (!answer.ok) return answer;
	actors.unsubscribe(keyOf(id), subscriber);
	if (answer.how === 'resumed') throw new Error('resumed without having been there');
	return { ok: true, reply: answer.view as InstitutionInfo };
}
