/** What the REST API is put together from. */
import type { Caller } from '../core/actor-kind.ts';
import type { ActorPort } from '../core/actor-port.ts';
import type { EventFeed } from '../core/event-feed.ts';
import type { Profile } from '../protocol/channel.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { InstitutionInfo } from '../protocol/institution.ts';
import type { AuditEntry } from '../protocol/ops.ts';
import type {
	ActorFigures,
	NodeFigures,
	RouteQuery,
	RouteReply,
	TokenRole,
} from '../protocol/rest.ts';
import type { ChannelSummary } from '../protocol/user.ts';
import type { Answer, Refused } from './answer.ts';

/** Commands, and reads that the owner must grant. */
export type RestActors = Pick<ActorPort, 'command' | 'open' | 'unsubscribe'>;

/** Names and pictures that a backend has set. */
export interface Profiles {
	get(userId: string): Promise<Profile | undefined>;
	put(profile: Profile): Promise<void>;
}

/** What a development token shall say. */
export interface TokenClaims {
	readonly userId: string;
	readonly roles: readonly TokenRole[];
	readonly name?: string | undefined;
	readonly picture?: string | undefined;
}

export interface Tokens {
	/** Signs a token; called in development only. */
	mint(claims: TokenClaims): Promise<string>;
	/** Answers when it is durable; open sockets are closed by it. */
	revoke(
		target: { readonly userId: string } | { readonly tokenId: string },
	): Promise<{ readonly ok: true } | ({ readonly ok: false } & Refusal)>;
}

export interface NodeStatus {
	/** Why the node takes no clients now; `undefined` when it does. */
	unready(): string | undefined;
	/** All metrics in Prometheus's text format. */
	metrics(): Promise<string>;
	nodes(): readonly NodeFigures[];
	/** Wherever it lives; `NOT_FOUND` for an actor without a journal. */
	actor(key: ActorKey): Promise<Answer<ActorFigures>>;
	/** Ends a node orderly, in the name of the caller; answers before it does. */
	drain(caller: Caller, node: string): Promise<Answer<object>>;
}

/** The lasting record of what operators do. */
export interface Audit {
	/** Resolves when it is noted; with a refusal it must not happen. */
	note(caller: Caller, what: AuditEntry['what'], target: string): Promise<Refused | undefined>;
}

export interface RestPorts {
	readonly actors: RestActors;
	readonly profiles: Profiles;
	readonly tokens: Tokens;
	readonly status: NodeStatus;
	readonly audit: Audit;
	/** Domain events that have left; absent where there are none. */
	readonly events?: Pick<EventFeed, 'behind'>;
	/** Where simulators are, in development. */
	readonly simulators?: RouteReply<'listSimulators'>;
	/** Ticket events by opening time; absent where none are sold. */
	ticketEvents?(
		query: RouteQuery<'listTicketEvents'>,
	): Promise<Answer<RouteReply<'listTicketEvents'>>>;
	/** How each institution stands; absent where none are called. */
	institutions?(): readonly InstitutionInfo[];
	/** The next night of one in a hurry; answers with the id of its plan. In development. */
	rehearse?(institution: string): Promise<Answer<RouteReply<'rehearseInstitution'>>>;
	/** Today's calls to them against last week's (I16); rejects when the store cannot be read. */
	institutionTraffic?(): Promise<RouteReply<'trafficOfInstitutions'>>;
	/** What is expected of the users of one (I20); nothing where there is none of that name. */
	expectedTraffic?(id: string): Promise<RouteReply<'expectedOfInstitution'> | undefined>;
	/** Public open channels by last activity; pass `next` as `after` for the next page. */
	publicChannels(page: {
		readonly after?: string | undefined;
		readonly limit: number;
	}): Promise<Answer<{ channels: ChannelSummary[]; next?: string | undefined }>>;
}
