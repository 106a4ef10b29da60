import type { ActorPort, CommandAnswer, Subscriber } from '../core/actor-port.ts';
import type { Runtime } from '../core/runtime.ts';
import type { ErrorCode, Refusal } from '../protocol/errors.ts';
import { actorKey } from '../protocol/ids.ts';
import { READER } from './asset-watch.ts';
import type { Refresh, RefreshAnswer } from './leveller/refresh.ts';

/** For all calls of one target; the work goes on behind it, and is found done when it is asked again. */
const WAIT_MS_MAX = 120_000;

export interface RefreshAssetsOptions {
	readonly actors: Pick<ActorPort, 'open' | 'command' | 'unsubscribe'>;
	readonly runtime: Pick<Runtime, 'after'>;
	readonly waitMsMax?: number;
}

/**
 * Has one user's assets at one institution fetched anew, in the lane of batches, and answers when they are
 * recorded: once for each transaction id, however often it is asked (I23). `FORBIDDEN`: there is no
 * consent, or with `isDenied` the institution says no; `MOVED`, `TIMEOUT` and other retryable refusals:
 * ask again with the same id. Never rejects.
 */
export const refreshAssets =
	({ actors, runtime, waitMsMax = WAIT_MS_MAX }: RefreshAssetsOptions): Refresh =>
	(institution, userId, transactionId) =>
		new Promise((resolve) => {
			const key = actorKey('user', userId);
			let isOver = false;
			const end = (outcome: RefreshAnswer) => {
				if (isOver) return;
				isOver = true;
				cancel();
				actors.unsubscribe(key, subscriber);
				resolve(outcome);
			};
			const cancel = runtime.after(waitMsMax, () => end({ ok: false, code: 'TIMEOUT' }));
			const subscriber: Subscriber = {
				committed: ({ told }) => {
					for (const { event } of told) {
						const [type, data] = event;
						if (type !== 'refreshed') continue;
						const refreshed = data as Refreshed;
						const isIt =
							refreshed.institution === institution && refreshed.transactionId === transactionId;
						if (isIt) end(outcomeOf(refreshed));
					}
				},
				ephemeral: () => {},
				closed: () => end({ ok: false, code: 'MOVED' }),
			};
			const answered = (answer: CommandAnswer) => {
				if (!answer.ok) end(answer);
				else if ((answer.reply as { isRecorded: boolean }).isRecorded) end({ ok: true });
			};
			const args = { institution, transactionId };
			actors.open(key, { caller: READER, args: {}, subscriber }, (opened) => {
				if (!opened.ok) end(withoutActor(opened));
				else if (!isOver) {
					actors.command(key, { caller: READER, name: 'refresh', args }, answered);
				}
			});
		});

interface Refreshed {
	readonly institution: string;
	readonly transactionId: string;
	readonly code?: ErrorCode;
	readonly retryAfterMs?: number;
}

/** What answers of the classes `denied` and `business` come to, once the work has begun. */
const DENIALS: ReadonlySet<ErrorCode> = new Set(['FORBIDDEN', 'CONFLICT']);

function outcomeOf({ code, retryAfterMs }: Refreshed): RefreshAnswer {
	if (code === undefined) return { ok: true };
	const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
	return { ok: false, code, ...wait, ...(DENIALS.has(code) ? { isDenied: true } : {}) };
}

/** A user without an actor has given no consent. */
const withoutActor = (refusal: { readonly ok: false } & Refusal): RefreshAnswer =>
	refusal.code === 'NOT_FOUND' ? { ok: false, code: 'FORBIDDEN' } : refusal;
