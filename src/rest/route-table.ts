import type { RouteContract } from '../protocol/rest.ts';

/** Where a path leads: a route with the segments for its parameters, or the methods that there are. */
export type Match<R> =
	| { readonly route: R; readonly params: Readonly<Record<string, string>> }
	| { readonly allow: readonly string[] };

interface Row<R> {
	readonly route: R;
	readonly segments: readonly string[];
}

const parameterName = (segment: string) => /^\{(\w+)\}$/.exec(segment)?.[1];

/** Only parameters are decoded: a path that is written differently is another path. */
function paramsOf(template: readonly string[], segments: readonly string[]) {
	const params: Record<string, string> = {};
	for (const [at, segment] of template.entries()) {
		const name = parameterName(segment);
		const given = segments[at] ?? '';
		const value = name === undefined ? undefined : decoded(given);
		if (name !== undefined && value !== undefined) params[name] = value;
		else if (segment !== given) return undefined;
	}
	return params;
}

/** `undefined` for an empty segment and one that is not UTF-8. */
function decoded(segment: string): string | undefined {
	try {
		return decodeURIComponent(segment) || undefined;
	} catch {
		return undefined;
	}
}

/** Finds routes by method and path. */
export class RouteTable<R extends Pick<RouteContract, 'method' | 'path'>> {
	readonly #rows: readonly Row<R>[];

	constructor(routes: readonly R[]) {
		this.#rows = routes.map((route) => ({ route, segments: route.path.split('/') }));
	}

	/** `undefined` when no route has the path, as it stands in the request line without its query. */
	match(method: string, path: string): Match<R> | undefined {
		const segments = path.split('/');
		const allow: string[] = [];
		for (const { route, segments: template } of this.#rows) {
			if (template.length !== segments.length) continue;
			const params = paramsOf(template, segments);
			if (params === undefined) continue;
			if (route.method === method || (route.method === 'GET' && method === 'HEAD')) {
				return { route, params };
			}
			allow.push(route.method);
		}
		return allow.length > 0 ? { allow } : undefined;
	}
}
