import type {
	ActorKind,
	Caller,
	Command,
	Context,
	Decision,
	QueryPlan,
	Rejection,
	Shown,
} from '../../src/core/actor-kind.ts';
import type { StoredEvent } from '../../src/core/journal.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { Args } from '../../src/protocol/kind.ts';
import { plainBytes } from '../../src/protocol/plain-data.ts';
import { NOTICES_MAX, type Notice, userContract } from '../../src/protocol/user.ts';
import { noticesPage } from './notices-page.ts';
import {
	cutUser,
	initialUser,
	keepNotice,
	NOTICES_BYTES_MAX,
	noticeBytes,
	removeNotice,
	restoreUser,
	type UserState,
} from './user-state.ts';

/** Largest data of a notice, in packed bytes. */
const NOTICE_DATA_BYTES_MAX = 16 * 1024;
/** Most notices that expire in one event; the rest follow at once. */
const EXPIRED_BATCH_MAX = 100;

/** What happens to an inbox. `dropped`: gave way to newer ones. */
export type UserEvent =
	| { readonly type: 'notice'; readonly data: Notice }
	| { readonly type: 'acked'; readonly data: { readonly id: string } }
	| { readonly type: 'dropped' | 'expired'; readonly data: { readonly ids: readonly string[] } };

type PostArgs = Args<typeof userContract, 'post'>;

const refuse = (code: ErrorCode, message: string): Rejection => ({ ok: false, code, message });

const accept = (events: readonly UserEvent[], reply: unknown = {}): Decision<UserEvent> => ({
	ok: true,
	events,
	reply,
});

const NOT_YOURS = refuse('FORBIDDEN', 'an inbox is for its own user only');

const mayPost = ({ roles }: Caller) => roles.includes('service') || roles.includes('system');

/** The oldest notices that have to go for one of `bytes` to fit. */
function displaced(state: UserState, bytes: number): string[] {
	let count = state.notices.size + 1;
	let total = state.bytes + bytes;
	const ids: string[] = [];
	for (const notice of state.notices.values()) {
		if (count <= NOTICES_MAX && total <= NOTICES_BYTES_MAX) break;
		ids.push(notice.id);
		count--;
		total -= noticeBytes(notice);
	}
	return ids;
}

function post(state: UserState, args: PostArgs, context: Context): Decision<UserEvent> {
	const data = args.data ?? null;
	const bytes = plainBytes(data);
	if (bytes === undefined) return refuse('INVALID', 'data has to be a JSON value');
	if (bytes > NOTICE_DATA_BYTES_MAX) {
		return refuse('TOO_LARGE', `data is at most ${NOTICE_DATA_BYTES_MAX} bytes`);
	}
	const { now } = context;
	const expiresAt = now + args.ttlSeconds * 1_000;
	const notice: Notice = { id: context.newId(), type: args.type, data, at: now, expiresAt };
	const ids = displaced(state, noticeBytes(notice));
	const dropped: UserEvent[] = ids.length === 0 ? [] : [{ type: 'dropped', data: { ids } }];
	return accept([...dropped, { type: 'notice', data: notice }], { id: notice.id });
}

function wake(state: UserState, now: number): Decision<UserEvent> {
	const due = [...state.notices.values()].filter(({ expiresAt }) => expiresAt <= now);
	const ids = due.slice(0, EXPIRED_BATCH_MAX).map(({ id }) => id);
	return accept(ids.length === 0 ? [] : [{ type: 'expired', data: { ids } }]);
}

function decide(state: UserState, command: Command, context: Context): Decision<UserEvent> {
	const { name, args, caller } = command;
	switch (name) {
		case 'post':
			if (!mayPost(caller)) return refuse('FORBIDDEN', 'only services post notices');
			return post(state, args as PostArgs, context);
		case 'ack': {
			if (caller.userId !== context.id) return NOT_YOURS;
			const { id } = args as Args<typeof userContract, 'ack'>;
			return accept(state.notices.has(id) ? [{ type: 'acked', data: { id } }] : []);
		}
		case 'wake':
			if (!caller.roles.includes('system')) return refuse('FORBIDDEN', 'the host wakes actors');
			return wake(state, context.now);
		default:
			return refuse('INVALID', `inboxes have no command ${name}`);
	}
}

function evolve(state: UserState, event: UserEvent): UserState {
	if (event.type === 'notice') keepNotice(state, event.data);
	else if (event.type === 'acked') removeNotice(state, event.data.id);
	else for (const id of event.data.ids) removeNotice(state, id);
	return state;
}

/** However a notice goes, every device takes it away in the same way. */
function show(event: UserEvent): Shown[] {
	const { type, data } = event;
	if (type === 'notice' || type === 'acked') return [{ type, data, audience: 'all' }];
	return data.ids.map((id) => ({ type: 'acked', data: { id }, audience: 'all' }));
}

function upcast(event: StoredEvent): UserEvent {
	const version = (EVENT_VERSIONS as Readonly<Record<string, number>>)[event.type];
	if (event.version !== version) {
		throw new Error(`user: cannot read ${event.type} of version ${event.version}`);
	}
	return { type: event.type, data: event.data } as UserEvent;
}

const EVENT_VERSIONS: Readonly<Record<UserEvent['type'], number>> = {
	notice: 1,
	acked: 1,
	dropped: 1,
	expired: 1,
};

function nextWakeAt(state: UserState): number | undefined {
	let next = Infinity;
	for (const { expiresAt } of state.notices.values()) next = Math.min(next, expiresAt);
	return next === Infinity ? undefined : next;
}

function query(state: UserState, command: Command, { now }: { now: number }): QueryPlan {
	if (command.caller.userId !== state.id) return NOT_YOURS;
	if (command.name !== 'list') return refuse('INVALID', 'no such query');
	const page = noticesPage(state, { ...(command.args as Args<typeof userContract, 'list'>), now });
	return { ok: true, run: () => page };
}

/** A person's inbox (P5): notices wait in order until acknowledged on any device, or expired. */
export const userKind: ActorKind<UserState, UserEvent> = {
	contract: userContract,
	collections: [],
	eventVersions: EVENT_VERSIONS,
	initial: initialUser,
	decide,
	evolve,
	upcast,
	nextWakeAt,
	grant: (state, caller) => (caller.userId === state.id ? { ok: true } : NOT_YOURS),
	// biome-ignore lint/complexity/useMaxParams: the port's signature
	view: (state, caller, _args, now) => {
		if (caller.userId !== state.id) return NOT_YOURS;
		const { notices } = noticesPage(state, { limit: NOTICES_MAX, now });
		return { ok: true, run: () => ({ notices }) };
	},
	show,
	query,
	cut: cutUser,
	restore: restoreUser,
	figures: ({ notices, bytes }) => ({ notices: notices.size, bytes }),
};
