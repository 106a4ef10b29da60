import type { CommandRequest } from '../core/actor-port.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { Answer } from './answer.ts';
import type { RestActors } from './ports.ts';

/** Runs one command; the reply has the shape that the command's contract gives it. */
export function ask<T>(
	actors: Pick<RestActors, 'command'>,
	key: ActorKey,
	request: CommandRequest,
): Promise<Answer<T>> {
	return new Promise((resolve) => {
		actors.command(key, request, (answer) => resolve(answer as Answer<T>));
	});
}
