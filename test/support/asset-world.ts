import { randomBytes } from 'node:crypto';
import { INSTITUTION_PORT } from '../../actors/user/institution-port.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import type { Log } from '../../src/core/log.ts';
import { assetsService } from '../../src/institutions/assets-service.ts';
import { registrationPort } from '../../src/institutions/registration-port.ts';
import { openVault } from '../../src/institutions/vault.ts';
import {
	type AssetJob,
	assetsContract,
	type InstitutionInfo,
	type StandingConsent,
} from '../../src/protocol/institution.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';
import { CoreBench } from './core-bench.ts';
import { FakeInstitutions } from './fake-institutions.ts';

export const YEAR_MS = 31_536_000_000;

const INSTITUTIONS = ['bank-a', 'bank-b', 'card-b', 'telecom-f'];

export const infoOf = (id: string): InstitutionInfo => ({
	id,
	name: id,
	industry: 'bank',
	circuit: 'closed',
	health: 'HEALTHY',
	percent: 100,
	since: 0,
	calls: 0,
	failureRate: 0,
});

type AnyKind = ActorKind<unknown, { type: string; data: unknown }>;

/** Lines of a log, kept. */
export class KeptLog implements Log {
	readonly lines: unknown[] = [];
	readonly #keep = (...line: unknown[]) => {
		this.lines.push(line);
	};
	readonly debug = this.#keep;
	readonly info = this.#keep;
	readonly warn = this.#keep;
	readonly error = this.#keep;
}

/** Users' actors with institutions behind them, and the service `assets/me`, in virtual time. */
export class AssetWorld {
	readonly vault = openVault({ tokenKeys: `k1:${randomBytes(32).toString('base64')}` });
	readonly log = new KeptLog();
	readonly banks: FakeInstitutions;
	bench: CoreBench;
	service: ReturnType<typeof assetsService>;

	constructor() {
		// The clock first: institutions and actors share it.
		const clock = new CoreBench({ kinds: [userKind as unknown as AnyKind] });
		this.banks = new FakeInstitutions(clock.runtime);
		this.bench = clock.restart(this.#options(clock));
		this.service = this.#serve();
	}

	get runtime() {
		return this.bench.runtime;
	}

	/** The node ends as by `kill -9`; another begins on the same data. */
	crash(): void {
		this.service.close();
		this.bench = this.bench.restart(this.#options(this.bench));
		this.service = this.#serve();
	}

	/** Another node that edges of this one's actors. */
	otherService() {
		return this.#serve();
	}

	consent(ms = YEAR_MS) {
		return { scopes: ['assets'], expiresAt: this.runtime.now() + ms };
	}

	/** One device of a user with the page of assets open. */
	device(userId: string, deviceId = 'phone', service = this.service) {
		const told: WireEvent[] = [];
		const reader = { isSlow: false };
		const identity = { userId, roles: ['user'] };
		const connection = { id: `${userId}-${deviceId}`, identity, deviceId };
		const session = service.open(
			connection,
			(event) => {
				if (reader.isSlow) return false;
				const [type, data] = event;
				const schema = assetsContract.ephemerals[type as 'job'];
				if (!schema.safeParse(data).success)
					throw new Error(`not a ${type} ${JSON.stringify(data)}`);
				told.push(event);
				return true;
			},
			'me',
		);
		type Name = keyof (typeof assetsContract)['commands'];
		const ask = async (name: Name, args: unknown = {}): Promise<CommandAnswer> => {
			const contract = assetsContract.commands[name];
			let answer: CommandAnswer | undefined;
			const request = { requestId: undefined, resend: false, bytes: 0 };
			void session.command(name, contract.args.parse(args), request).then((one) => {
				answer = one;
			});
			await this.runtime.until(() => answer !== undefined);
			const answered = answer as unknown as CommandAnswer;
			if (answered.ok) contract.reply.parse(answered.reply);
			return answered;
		};
		const replyTo = async <T>(name: Name, args: unknown = {}): Promise<T> => {
			const answer = await ask(name, args);
			if (!answer.ok) throw new Error(`${name}: ${answer.code}`);
			return answer.reply as T;
		};
		return {
			told,
			reader,
			ask,
			caughtUp: () => session.caughtUp?.(),
			close: () => session.close(),
			register: (institutions: readonly string[] = ['bank-a'], consent = this.consent()) =>
				replyTo<AssetJob>('register', { institutions, consent }),
			jobs: async () => (await replyTo<{ jobs: AssetJob[] }>('jobs')).jobs,
			consents: async () => (await replyTo<{ consents: StandingConsent[] }>('consents')).consents,
			list: async () =>
				(await replyTo<{ snapshots: { institution: string; version: number }[] }>('list'))
					.snapshots,
			withdraw: (institution = 'bank-a') => replyTo('withdraw', { institution }),
			/** Waits until the newest job is over. */
			ended: async (ms = 600_000) => {
				await this.runtime.until(() => told.some(([type, data]) => isEnd(type, data)), ms);
			},
		};
	}

	#options(bench: CoreBench) {
		const { banks: calls, vault, log } = this;
		const { runtime, journal } = bench;
		const port = registrationPort({
			...{ calls, vault, runtime, journal, log },
			actors: { command: (...asked) => this.bench.system.command(...asked) },
			owns: (actor) => this.bench.system.hosts.has(actor),
		});
		const kinds = [userKind as unknown as AnyKind];
		return { kinds, log, intents: { [INSTITUTION_PORT]: port } };
	}

	#serve() {
		const { runtime, store, system } = this.bench;
		return assetsService({
			actors: system,
			reads: store,
			feed: system.projector,
			settle: () => system.projector.settle(),
			runtime,
			institutions: () => INSTITUTIONS.map(infoOf),
		});
	}
}

const isEnd = (type: string, data: unknown) =>
	type === 'job' && (data as AssetJob).state !== 'running';
