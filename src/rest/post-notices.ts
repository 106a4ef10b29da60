import type { Runtime } from '../core/runtime.ts';
import { actorKey } from '../protocol/ids.ts';
import { NOTICE_DATA_BYTES_MAX, type RouteReply } from '../protocol/rest.ts';
import { type Answer, refuse, restError } from './answer.ts';
import { ask } from './ask.ts';
import type { RestRequest } from './handlers.ts';
import type { RestActors } from './ports.ts';

/** Most users' inboxes that one request writes at a time. */
export const NOTICES_IN_FLIGHT_MAX = 50;
/** After this the users without an answer are reported as `TIMEOUT`; below the request's own limit. */
export const NOTICES_TIMEOUT_MS = 10_000;

type Reply = RouteReply<'postNotices'>;

/**
 * Posts to each user's inbox, some at a time. The idempotency key is the request id in every inbox, so
 * that repeating the request posts only what has not been posted.
 */
export async function postNotices(
	ports: {
		readonly actors: Pick<RestActors, 'command'>;
		readonly runtime: Pick<Runtime, 'after'>;
	},
	request: RestRequest<'postNotices'>,
): Promise<Answer<Reply>> {
	const { to, ...args } = request.body;
	if (Buffer.byteLength(JSON.stringify(args.data) ?? '') > NOTICE_DATA_BYTES_MAX) {
		return refuse('TOO_LARGE', `data is at most ${NOTICE_DATA_BYTES_MAX} bytes`);
	}
	const users = [...new Set(to)];
	const answers = new Map<string, Answer<{ id: string }>>();
	const command = {
		caller: request.caller,
		name: 'post',
		args,
		requestId: request.idempotencyKey,
		// The key may be from long ago: have it looked up where request ids are kept for ever.
		resend: true,
		trace: request.trace,
	};
	let late = false;
	let taken = 0;
	const work = async () => {
		for (let userId = users[taken++]; userId !== undefined && !late; userId = users[taken++]) {
			answers.set(userId, await ask(ports.actors, actorKey('user', userId), command));
		}
	};
	let cancel = () => {};
	const deadline = new Promise<void>((resolve) => {
		cancel = ports.runtime.after(NOTICES_TIMEOUT_MS, resolve);
	});
	try {
		await Promise.race([
			Promise.all(Array.from({ length: NOTICES_IN_FLIGHT_MAX }, work)),
			deadline,
		]);
	} finally {
		late = true;
		cancel();
	}
	return { ok: true, reply: sorted(users, answers) };
}

function sorted(
	users: readonly string[],
	answers: ReadonlyMap<string, Answer<{ id: string }>>,
): Reply {
	const reply: Reply = { posted: [], failed: [] };
	for (const userId of users) {
		const answer = answers.get(userId) ?? refuse('TIMEOUT', 'not known yet; repeat with this key');
		if (answer.ok) reply.posted.push({ userId, id: answer.reply.id });
		else reply.failed.push({ userId, ...restError(answer) });
	}
	return reply;
}
