import type {
	ActorKind,
	Caller,
	Command,
	Context,
	Decision,
	EventMeta,
	QueryPlan,
	Shown,
} from '../../src/core/actor-kind.ts';
import { refusal } from '../../src/core/entries.ts';
import type { Args } from '../../src/protocol/kind.ts';
import { plainBytes } from '../../src/protocol/plain-data.ts';
import { NOTICES_MAX, type Notice, userContract } from '../../src/protocol/user.ts';
import { decideRegistration } from './decide-registration.ts';
import { evolveRegistration } from './evolve-registration.ts';
import type { WorkResult } from './institution-port.ts';
import { noticesPage } from './notices-page.ts';
import { projectRegistration, REGISTRATION_COLLECTIONS } from './project-registration.ts';
import { jobsOf, queryRegistration, snapshotVersions } from './query-registration.ts';
import {
	isRegistrationEvent,
	REGISTRATION_EVENT_VERSIONS,
	type RegistrationEvent,
} from './registration-events.ts';
import { noRegistration } from './registration-state.ts';
import {
	registrationDue,
	registrationIntents,
	registrationWake,
	workDone,
} from './registration-work.ts';
import { showRegistration } from './show-registration.ts';
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
type InboxEvent =
	| { readonly type: 'notice'; readonly data: Notice }
	| { readonly type: 'acked'; readonly data: { readonly id: string } }
	| { readonly type: 'dropped' | 'expired'; readonly data: { readonly ids: readonly string[] } };

export type UserEvent = InboxEvent | RegistrationEvent;

type PostArgs = Args<typeof userContract, 'post'>;

const accept = (events: readonly UserEvent[], reply: unknown = {}): Decision<UserEvent> => ({
	ok: true,
	events,
	reply,
});

const NOT_YOURS = refusal('FORBIDDEN', 'an inbox is for its own user only');

const isSystem = ({ roles }: Caller) => roles.includes('system');

const mayPost = (caller: Caller) => caller.roles.includes('service') || isSystem(caller);

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
	if (bytes === undefined) return refusal('INVALID', 'data has to be a JSON value');
	if (bytes > NOTICE_DATA_BYTES_MAX) {
		return refusal('TOO_LARGE', `data is at most ${NOTICE_DATA_BYTES_MAX} bytes`);
	}
	const { now } = context;
	const expiresAt = now + args.ttlSeconds * 1_000;
	const notice: Notice = { id: context.newId(), type: args.type, data, at: now, expiresAt };
	const ids = displaced(state, noticeBytes(notice));
	const dropped: UserEvent[] = ids.length === 0 ? [] : [{ type: 'dropped', data: { ids } }];
	return accept([...dropped, { type: 'notice', data: notice }], { id: notice.id });
}

function wake(state: UserState, context: Context): Decision<UserEvent> {
	const { now } = context;
	const due = [...state.notices.values()].filter(({ expiresAt }) => expiresAt <= now);
	const ids = due.slice(0, EXPIRED_BATCH_MAX).map(({ id }) => id);
	const expired: UserEvent[] = ids.length === 0 ? [] : [{ type: 'expired', data: { ids } }];
	return accept([...expired, ...registrationWake(state, context)]);
}

function decide(state: UserState, command: Command, context: Context): Decision<UserEvent> {
	const { name, args, caller } = command;
	switch (name) {
		case 'post':
			if (!mayPost(caller)) return refusal('FORBIDDEN', 'only services post notices');
			return post(state, args as PostArgs, context);
		case 'ack': {
			if (caller.userId !== context.id) return NOT_YOURS;
			const { id } = args as Args<typeof userContract, 'ack'>;
			return accept(state.notices.has(id) ? [{ type: 'acked', data: { id } }] : []);
		}
		case 'register':
		case 'withdraw':
		case 'refresh':
		case 'stray':
			return decideRegistration(state, command, context);
		case 'wake':
		case 'intentDone':
			if (!isSystem(caller)) return refusal('FORBIDDEN', 'the host says so');
			if (name === 'wake') return wake(state, context);
			return accept(workDone(state, args as { id: string; result: WorkResult }, context));
		default:
			return refusal('INVALID', `inboxes have no command ${name}`);
	}
}

function evolve(state: UserState, event: UserEvent, meta: EventMeta): UserState {
	if (isRegistrationEvent(event)) {
		state.registration ??= noRegistration();
		evolveRegistration(state.registration, event, meta);
	} else if (event.type === 'notice') keepNotice(state, event.data);
	else if (event.type === 'acked') removeNotice(state, event.data.id);
	else for (const id of event.data.ids) removeNotice(state, id);
	return state;
}

/** However a notice goes, every device takes it away in the same way. */
function show(event: UserEvent): readonly Shown[] {
	if (isRegistrationEvent(event)) return showRegistration(event);
	const { type, data } = event;
	if (type === 'notice' || type === 'acked') return [{ type, data, audience: 'all' }];
	return data.ids.map((id) => ({ type: 'acked', data: { id }, audience: 'all' }));
}

const EVENT_VERSIONS: Readonly<Record<UserEvent['type'], number>> = {
	notice: 1,
	acked: 1,
	dropped: 1,
	expired: 1,
	...REGISTRATION_EVENT_VERSIONS,
};

function nextWakeAt(state: UserState): number | undefined {
	let next = registrationDue(state);
	for (const { expiresAt } of state.notices.values()) next = Math.min(next, expiresAt);
	return next === Infinity ? undefined : next;
}

const REGISTRATION_QUERIES: ReadonlySet<string> = new Set(['jobs', 'consents', 'assets']);

function query(state: UserState, command: Command, { now }: { now: number }): QueryPlan {
	const { name, caller } = command;
	if (REGISTRATION_QUERIES.has(name)) return queryRegistration(state, command, now);
	if (caller.userId !== state.id) return NOT_YOURS;
	if (name !== 'list') return refusal('INVALID', 'no such query');
	const page = noticesPage(state, { ...(command.args as Args<typeof userContract, 'list'>), now });
	return { ok: true, run: () => page };
}

/**
 * A person: an inbox (P5), in which notices wait in order until acknowledged on any device, or expired;
 * and the consents to institutions, with the work of fetching assets on them (I1 to I8).
 */
export const userKind: ActorKind<UserState, UserEvent> = {
	contract: userContract,
	collections: REGISTRATION_COLLECTIONS,
	eventVersions: EVENT_VERSIONS,
	initial: initialUser,
	decide,
	evolve,
	nextWakeAt,
	intents: registrationIntents,
	grant: (state, caller) =>
		caller.userId === state.id || isSystem(caller) ? { ok: true } : NOT_YOURS,
	view: (state, caller, { now }) => {
		if (isSystem(caller)) {
			const view = { notices: [], jobs: jobsOf(state), snapshots: snapshotVersions(state) };
			return { ok: true, run: () => view };
		}
		if (caller.userId !== state.id) return NOT_YOURS;
		const { notices } = noticesPage(state, { limit: NOTICES_MAX, now });
		return { ok: true, run: () => ({ notices }) };
	},
	show,
	query,
	project: (state, event, meta) =>
		isRegistrationEvent(event) ? projectRegistration(state, event, meta) : [],
	cut: cutUser,
	restore: restoreUser,
	figures: ({ notices, bytes, registration }) => ({
		notices: notices.size,
		bytes,
		consents: registration?.consents.size ?? 0,
		runs: registration?.runs.size ?? 0,
	}),
};
