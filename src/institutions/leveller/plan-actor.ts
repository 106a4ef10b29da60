import { SYSTEM } from '../../core/actor-kind.ts';
import type { ActorPort, CommandAnswer } from '../../core/actor-port.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Refusal } from '../../protocol/errors.ts';
import { actorKey } from '../../protocol/ids.ts';
import type { Args } from '../../protocol/kind.ts';
import type {
	RefreshBegun,
	RefreshStep,
	RefreshStepped,
	refreshPlanContract,
} from '../../protocol/refresh-plan.ts';

const ANSWER_MS_MAX = 10_000;

/** A reply, or why there is none. */
export type Answered<T> =
	| { readonly ok: true; readonly reply: T }
	| ({ readonly ok: false } & Refusal);
type ArgsOf<C extends keyof (typeof refreshPlanContract)['commands']> = Args<
	typeof refreshPlanContract,
	C
>;

/** What a run asks of its plan. Never rejects; a refusal may be `TIMEOUT`. */
export interface Plan {
	begin(args: ArgsOf<'begin'>): Promise<Answered<RefreshBegun>>;
	step(step: RefreshStep): Promise<Answered<RefreshStepped>>;
}

/** The actor `refresh-plan/<institution>`, wherever it is. */
export class PlanActor implements Plan {
	readonly #actors: Pick<ActorPort, 'command'>;
	readonly #runtime: Runtime;
	readonly #institution: string;

	constructor(
		actors: Pick<ActorPort, 'command'>,
		{ runtime, institution }: { readonly runtime: Runtime; readonly institution: string },
	) {
		this.#actors = actors;
		this.#runtime = runtime;
		this.#institution = institution;
	}

	async ensure(args: ArgsOf<'ensure'>): Promise<CommandAnswer> {
		return await this.#command('ensure', args);
	}

	async begin(args: ArgsOf<'begin'>): Promise<Answered<RefreshBegun>> {
		return (await this.#command('begin', args)) as Answered<RefreshBegun>;
	}

	async step(step: RefreshStep): Promise<Answered<RefreshStepped>> {
		return (await this.#command('step', step)) as Answered<RefreshStepped>;
	}

	#command(name: string, args: unknown): Promise<CommandAnswer> {
		return new Promise((resolve) => {
			const cancel = this.#runtime.after(ANSWER_MS_MAX, () =>
				resolve({ ok: false, code: 'TIMEOUT', message: 'the plan did not answer' }),
			);
			const key = actorKey('refresh-plan', this.#institution);
			this.#actors.command(key, { caller: SYSTEM, name, args }, (answer) => {
				cancel();
				resolve(answer);
			});
		});
	}
}
