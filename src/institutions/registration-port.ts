/**
 * Does the outside work of users' actors: tokens, lists, details, refreshes, revocations. Nothing is
 * called without a consent that stands (I7), and no token leaves in clear (I8).
 */
import type { InstitutionWork, WorkResult } from '../../actors/user/institution-port.ts';
import type { IntentPorts } from '../core/intent-runner.ts';
import type { Journal } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import type { ActorKey } from '../protocol/ids.ts';
import { ASSETS_MAX, type Asset } from '../protocol/institution.ts';
import type { AssetAnswer, AssetListAnswer } from './answers.ts';
import { EndedConsents } from './ended-consents.ts';
import { type StrayOptions, StrayTokens } from './stray-tokens.ts';
import {
	type Calling,
	type Got,
	refused,
	UserAccess,
	type UserAccessOptions,
} from './user-access.ts';

/** Bounds of what one user has at one institution. */
const LIST_PAGES_MAX = 20;
const IDS_MAX = 500;
const DETAIL_PAGES_MAX = 20;
/** Details under way at once in a refresh. */
const DETAILS_AT_ONCE = 5;

export interface RegistrationPortOptions extends Omit<UserAccessOptions, 'ended' | 'isOwned'> {
	/** Users' actors, wherever they live. */
	readonly actors: StrayOptions['actors'];
	/** Where withdrawn assets are taken out of events. */
	readonly journal: Pick<Journal, 'redact'>;
	readonly log: Log;
	/** Whether this node may act for the actor now. A node that was paused may not know who else does. */
	readonly owns: (actor: ActorKey) => boolean;
}

/** The intent port of users' actors, to be registered under `INSTITUTION_PORT`. */
export function registrationPort(options: RegistrationPortOptions): IntentPorts[string] {
	const { journal, log, owns } = options;
	const ended = new EndedConsents();
	const strays = new StrayTokens(options);
	return async (id, args, actor) => {
		const work = args as InstitutionWork;
		if (work.op === 'erase') {
			for (const position of work.positions) await journal.redact(actor, position, ERASED);
			return { ok: true };
		}
		if (work.op === 'revoke') ended.add(work.consent.id);
		const access = new UserAccess(work, { ...options, ended, isOwned: () => owns(actor) });
		try {
			const result = await new Errand(work, access).run();
			const { fresh: token } = access;
			if (token === undefined) return result;
			// Nobody waits for the result any more: who ordered the work would never learn of the token.
			const isLate = access.isWithdrawn || !owns(actor);
			if (!isLate) {
				const { institution, consent } = work;
				return { ...result, token, tokenOf: { institution, consent } };
			}
			await strays.take(actor, { work, access, token });
			return { ...result, token };
		} catch (error) {
			// A mistake of ours, or a key that is gone: trying again would not help.
			log.error({ err: error, intent: id, op: work.op }, 'a registration went wrong');
			return refused({ code: 'INTERNAL' });
		}
	};
}

/** In place of assets: of no institution, so that it changes nothing when it is replayed. */
const ERASED = { institution: '', source: 'run', assets: [] };

/** One piece of work. */
class Errand {
	readonly #work: Calling;
	readonly #access: UserAccess;

	constructor(work: Calling, access: UserAccess) {
		this.#work = work;
		this.#access = access;
	}

	run(): Promise<WorkResult> {
		const work = this.#work;
		switch (work.op) {
			case 'authorise':
				return this.#authorise();
			case 'token':
				return this.#access.enter(this.#access.open(work.authorisation));
			case 'list':
				return this.#list();
			case 'details':
				return this.#details(work.ids);
			case 'refresh':
				return this.#refresh();
			default:
				// Without a token there may be one on its way, which is made void when it comes.
				return work.token === undefined
					? Promise.resolve({ ok: true })
					: this.#access.revoke(work.token);
		}
	}

	async #authorise(): Promise<WorkResult> {
		const { end } = this.#access;
		if (end !== undefined) return end;
		return { ok: true, authorisation: this.#access.seal(await this.#access.authorisation()) };
	}

	async #list(): Promise<WorkResult> {
		const ids = await this.#assetIds();
		return ids.ok ? { ok: true, ids: ids.value } : ids;
	}

	/** Details side by side; what comes before the first that is refused counts. */
	async #details(ids: readonly string[], from = 0): Promise<WorkResult> {
		const fresh = await this.#access.freshen();
		if (!fresh.ok) return fresh;
		const all = await Promise.all(ids.map((id, index) => this.#asset(id, from + index)));
		const count = all.findIndex(({ ok }) => !ok);
		const first = all[count];
		if (first !== undefined && !first.ok && count === 0) return first;
		const done = count < 0 ? all : all.slice(0, count);
		const assets = done.flatMap((one) => (one.ok ? one.value : []));
		return { ok: true, assets, count: done.length };
	}

	/** All of it; without a token that can be used from the beginning, for the consent stands. */
	async #refresh(): Promise<WorkResult> {
		if (!this.#access.isReadable) {
			const entered = await this.#access.enter(await this.#access.authorisation());
			if (!entered.ok) return entered;
		}
		const ids = await this.#assetIds();
		if (!ids.ok) return ids;
		const assets: Asset[] = [];
		let at = 0;
		while (at < ids.value.length) {
			const part = await this.#details(ids.value.slice(at, at + DETAILS_AT_ONCE), at);
			if (!part.ok) return part;
			// From the first on that was refused.
			at += part.count ?? 0;
			assets.push(...(part.assets ?? []));
			if (assets.length > ASSETS_MAX) return TOO_MUCH;
		}
		return { ok: true, assets };
	}

	async #assetIds(): Promise<Got<string[]>> {
		const ids = new Set<string>();
		let cursor: string | undefined;
		for (let page = 0; page < LIST_PAGES_MAX; page++) {
			const request = { api: 'assets', cursor } as const;
			const got = await this.#access.read<AssetListAnswer>(request, `l${page}`);
			if (!got.ok) return got;
			for (const { id } of got.value.assets) ids.add(id);
			cursor = got.value.cursor;
			if (ids.size > IDS_MAX) return TOO_MUCH;
			if (cursor === undefined) return { ok: true, value: [...ids] };
		}
		return TOO_MUCH;
	}

	async #asset(assetId: string, index: number): Promise<Got<Asset[]>> {
		const rows: Asset[] = [];
		let cursor: string | undefined;
		for (let page = 0; page < DETAIL_PAGES_MAX; page++) {
			const request = { api: 'asset', assetId, cursor } as const;
			const got = await this.#access.read<AssetAnswer>(request, `a${index}.${page}`);
			if (!got.ok) return got;
			rows.push(...got.value.assets);
			cursor = got.value.cursor;
			if (rows.length > ASSETS_MAX) return TOO_MUCH;
			if (cursor === undefined) return { ok: true, value: rows };
		}
		return TOO_MUCH;
	}
}

const TOO_MUCH = refused({ code: 'TOO_LARGE' });
