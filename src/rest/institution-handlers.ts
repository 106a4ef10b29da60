import { actorKey } from '../protocol/ids.ts';
import { type InstitutionInfo, institutionContract } from '../protocol/institution.ts';
import type { RouteName } from '../protocol/rest.ts';
import { refuse } from './answer.ts';
import { ask } from './ask.ts';
import type { Handlers, RestRequest } from './handlers.ts';
import { look } from './look.ts';
import type { RestPorts } from './ports.ts';

type InstitutionRoute = Extract<RouteName, `${string}Institution${string}`>;
type InstitutionHandlers = { readonly [N in InstitutionRoute]: Handlers[N] };
type InstitutionPort = 'institutions' | 'institutionTraffic' | 'expectedTraffic' | 'rehearse';
type Deed = Parameters<RestPorts['audit']['note']>[1];

const keyOf = (id: string) => actorKey(institutionContract.kind, id);

const NONE = refuse('NOT_FOUND', 'no institutions are called from here');

/** The code behind the routes of institutions. */
export function institutionHandlers(
	ports: Pick<RestPorts, 'actors' | 'audit' | InstitutionPort>,
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
		rehearseInstitution: async ({ body }) => (await ports.rehearse?.(body.institution)) ?? NONE,
		trafficOfInstitutions: async () => {
			if (ports.institutionTraffic === undefined) return NONE;
			try {
				return { ok: true, reply: await ports.institutionTraffic() };
			} catch {
				return refuse('UNAVAILABLE', 'the store cannot be read now');
			}
		},
		getInstitution: ({ params, caller }) =>
			look<InstitutionInfo>(actors, keyOf(params.id), { caller }),
		expectedOfInstitution: async ({ params }) => {
			const expected = await ports.expectedTraffic?.(params.id);
			return expected === undefined ? NONE : { ok: true, reply: expected };
		},
		boardOfInstitution: ({ params, caller, trace }) =>
			ask(actors, keyOf(params.id), { caller, name: 'board', args: {}, trace }),
		setInstitutionCircuit: order<InstitutionInfo>('circuit', 'setCircuit'),
		setInstitutionRoute: order<Record<string, never>>('route', 'setRoute'),
		setInstitutionRate: order<Record<string, never>>('rate', 'setRate'),
	};
}
