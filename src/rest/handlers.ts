import type { Identity } from '../gateway/ports.ts';
import type {
	REST,
	RouteBody,
	RouteName,
	RouteParams,
	RouteQuery,
	RouteReply,
} from '../protocol/rest.ts';
import type { Answer } from './answer.ts';

/** A checked request of one route. */
export interface RestRequest<N extends RouteName> {
	readonly params: RouteParams<N>;
	readonly query: RouteQuery<N>;
	readonly body: RouteBody<N>;
	/** Who the token says it is; only routes for anyone have none. */
	readonly caller: (typeof REST)[N]['access'] extends 'anyone' ? undefined : Identity;
	readonly idempotencyKey: (typeof REST)[N] extends { idempotent: true } ? string : undefined;
	readonly trace: string;
}

/** The code behind every route. */
export type Handlers = {
	readonly [N in RouteName]: (
		request: RestRequest<N>,
	) => Answer<RouteReply<N>> | Promise<Answer<RouteReply<N>>>;
};
