import { CallLog, type LoggedCall, SlidingRate } from './call-log.ts';
import type { CatalogueEntry } from './catalogue.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import { Tokens } from './tokens.ts';
import { assetsOf } from './user-assets.ts';

/** A call that has arrived. */
export interface ArrivedCall {
	readonly method: string;
	/** Behind the route. */
	readonly path: readonly string[];
	readonly query: URLSearchParams;
	readonly authorization: string;
	readonly form: URLSearchParams;
	readonly now: number;
}

export interface Answer {
	readonly status: number;
	readonly body: unknown;
}

/** Longest pages, so that most users of some institutions have several. */
const LIST_LENGTH_MAX = 5;
const POSITIONS_MAX = 10;

const refused = (status: number, error: string): Answer => ({ status, body: { error } });

/** The part of `rows` that a cursor names, and the cursor of what follows; `undefined`: a wrong one. */
function pageOf<T>(rows: readonly T[], query: URLSearchParams, lengthMax: number) {
	const cursor = query.get('cursor') ?? 'from-0';
	const start = Number(/^from-(\d{1,6})$/.exec(cursor)?.[1] ?? Number.NaN);
	const limit = Number(query.get('limit') ?? lengthMax);
	if (!(start <= rows.length && limit >= 1)) return undefined;
	const end = start + Math.min(lengthMax, Math.floor(limit));
	const next = end < rows.length ? { next_cursor: `from-${end}` } : {};
	return { rows: rows.slice(start, end), next };
}

/** One simulated institution: what it answers, how it misbehaves, and what calls it got. */
export class Institution {
	readonly entry: CatalogueEntry;
	readonly log = new CallLog();
	readonly rate = new SlidingRate();
	/** By route. */
	readonly faults: Faults[];
	/** How it behaves as long as nobody changes it. */
	readonly usual: Faults;
	readonly #tokens: Tokens;

	constructor(entry: CatalogueEntry, usual = NO_FAULTS) {
		this.entry = entry;
		this.usual = usual;
		this.faults = entry.routes.map(() => usual);
		this.#tokens = new Tokens(entry.id);
	}

	/** Changes how it behaves on one route or on all. */
	control(changes: Partial<Faults>, route: number | undefined): void {
		for (const [n, faults] of this.faults.entries())
			if (route === undefined || route === n) this.faults[n] = { ...faults, ...changes };
	}

	/** The name under which a call is logged. */
	apiOf({ path }: Pick<ArrivedCall, 'path'>): LoggedCall['api'] {
		const [area, name] = path;
		if (area === 'oauth') return name ?? area;
		return area === 'assets' && name !== undefined ? 'asset' : (area ?? '');
	}

	/** Whose call it is, as far as it says so; else empty. */
	callerOf(call: ArrivedCall): string {
		const { form, now } = call;
		const token = form.get('refresh_token') ?? form.get('token') ?? '';
		const named = form.get('user') ?? this.#userOf(call);
		return (
			named ??
			this.#tokens.userOf(token, 'refresh', now) ??
			this.#tokens.userOf(token, 'access', now) ??
			''
		);
	}

	answer(call: ArrivedCall): Answer {
		const { method, path } = call;
		const [area, name] = path;
		const line = `${method} ${area}`;
		if (path.length > 2) return refused(404, 'not_found');
		if (line === 'POST oauth' && name === 'token') return this.#token(call);
		if (line === 'POST oauth' && name === 'revoke') return this.#revoke(call);
		if (line === 'GET assets' && name === undefined) return this.#list(call);
		if (line === 'GET assets') return this.#detail(call, name ?? '');
		return refused(404, 'not_found');
	}

	#token({ authorization, form, now }: ArrivedCall): Answer {
		if (!/^Basic \S+$/.test(authorization)) return refused(401, 'invalid_client');
		const userId = this.#granted(form, now);
		if (userId === undefined) return refused(400, 'invalid_grant');
		return { status: 200, body: this.#tokens.issue(userId, now) };
	}

	/** Any authorisation is good but `denied`. */
	#granted(form: URLSearchParams, now: number): string | undefined {
		if (form.get('grant_type') === 'refresh_token')
			return this.#tokens.userOf(form.get('refresh_token') ?? '', 'refresh', now);
		const code = form.get('code') ?? '';
		const isGood = form.get('grant_type') === 'authorization_code' && code !== '';
		return isGood && code !== 'denied' ? (form.get('user') ?? undefined) : undefined;
	}

	/** Also of a token that is not good: it is not good any more (RFC 7009). */
	#revoke({ authorization, form, now }: ArrivedCall): Answer {
		if (!/^Basic \S+$/.test(authorization)) return refused(401, 'invalid_client');
		this.#tokens.revoke(form.get('token') ?? '', now);
		return { status: 200, body: {} };
	}

	#userOf({ authorization, now }: ArrivedCall): string | undefined {
		const [, token = ''] = /^Bearer (\S+)$/.exec(authorization) ?? [];
		return this.#tokens.userOf(token, 'access', now);
	}

	#list(call: ArrivedCall): Answer {
		const userId = this.#userOf(call);
		if (userId === undefined) return refused(401, 'invalid_token');
		const page = pageOf(assetsOf(this.entry, userId), call.query, LIST_LENGTH_MAX);
		if (page === undefined) return refused(400, 'invalid_cursor');
		const assets = page.rows.map(({ id, name }) => ({ asset_id: id, name }));
		return { status: 200, body: { assets, ...page.next } };
	}

	#detail(call: ArrivedCall, assetId: string): Answer {
		const userId = this.#userOf(call);
		if (userId === undefined) return refused(401, 'invalid_token');
		const asset = assetsOf(this.entry, userId).find(({ id }) => id === assetId);
		if (asset === undefined) return refused(404, 'not_found');
		const page = pageOf(asset.positions, call.query, POSITIONS_MAX);
		if (page === undefined) return refused(400, 'invalid_cursor');
		const as_of = new Date(call.now).toISOString();
		const positions = page.rows.map((position) => ({ ...position, as_of }));
		return { status: 200, body: { positions, ...page.next } };
	}
}
