import type { Caller } from '../core/actor-kind.ts';
import type { OpenAnswer, Subscriber } from '../core/actor-port.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { Answer } from './answer.ts';
import type { RestActors } from './ports.ts';

/** What the owner shows the caller, by opening the actor for a moment; the view has its kind's shape. */
export async function look<V>(
	actors: RestActors,
	key: ActorKey,
	{ caller, args = {} }: { readonly caller: Caller; readonly args?: object },
): Promise<Answer<V>> {
	const subscriber: Subscriber = { committed() {}, ephemeral() {}, closed() {} };
	const answer = await new Promise<OpenAnswer>((resolve) => {
		actors.open(key, { caller, args, subscriber }, resolve);
	});
	if (!answer.ok) return answer;
	actors.unsubscribe(key, subscriber);
	if (answer.how === 'resumed') throw new Error('resumed without having been there');
	return { ok: true, reply: answer.view as V };
}
