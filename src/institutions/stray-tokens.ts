import type { SealedToken } from '../../actors/user/institution-port.ts';
import type { ActorPort, CommandAnswer } from '../core/actor-port.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import { READER } from './asset-watch.ts';
import type { Calling, UserAccess } from './user-access.ts';

/** Until a user's actor is asked again: about five minutes, longer than an actor moves. */
const AGAIN = { firstMs: 200, maxMs: 30_000, attemptsMax: 16 };

export interface StrayOptions {
	/** Users' actors, wherever they live. */
	readonly actors: Pick<ActorPort, 'command'>;
	readonly runtime: Pick<Runtime, 'after'>;
	readonly log: Log;
}

/** A token that came, and the work that it came for. */
interface Stray {
	readonly work: Calling;
	readonly access: Pick<UserAccess, 'isWithdrawn' | 'revoke'>;
	readonly token: SealedToken;
}

/**
 * Tokens that came when nobody waited for them any more: their consent was withdrawn meanwhile, or the
 * user's actor lives elsewhere by now. None may stay good without anybody knowing of it (I7), but
 * for one that a crash takes away between its coming and the commit.
 */
export class StrayTokens {
	readonly #options: StrayOptions;

	constructor(options: StrayOptions) {
		this.#options = options;
	}

	/** Makes it void where that is known to be right and works at once; else the user's actor has to. */
	async take(actor: ActorKey, { work, access, token }: Stray): Promise<void> {
		if (access.isWithdrawn && (await access.revoke(token)).ok) return;
		const { institution, consent } = work;
		this.#tell(actor, { institution, consent, token }, 0);
	}

	#tell(actor: ActorKey, args: object, attempt: number): void {
		const { actors, log, runtime } = this.#options;
		const answered = (answer: CommandAnswer) => {
			if (answer.ok) return;
			const isRepeated = ERRORS[answer.code].retryable && attempt < AGAIN.attemptsMax;
			if (!isRepeated) {
				log.error({ actor, code: answer.code }, 'a token is lost before it was made void');
				return;
			}
			const waitMs = Math.min(AGAIN.maxMs, AGAIN.firstMs * 2 ** attempt);
			runtime.after(waitMs, () => this.#tell(actor, args, attempt + 1));
		};
		actors.command(actor, { caller: READER, name: 'stray', args }, answered);
	}
}
