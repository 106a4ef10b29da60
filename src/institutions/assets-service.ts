import type { ActorPort, CommandAnswer, CommandRequest } from '../core/actor-port.ts';
import type { ProjectionFeed } from '../core/projector.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Reads } from '../core/store.ts';
import { OWN_WRITES_MS_MAX, waitAtMost } from '../core/wait-at-most.ts';
import type {
	Announcements,
	Connection,
	Service,
	ServiceRequest,
	ServiceSession,
	Tell,
} from '../gateway/ports.ts';
import { actorKey } from '../protocol/ids.ts';
import {
	type AssetSnapshot,
	assetsContract,
	type InstitutionInfo,
} from '../protocol/institution.ts';
import type { Args } from '../protocol/kind.ts';
import { AssetStore } from './asset-store.ts';
import { AssetWatch, READER } from './asset-watch.ts';
import { AssetsSession } from './assets-session.ts';

export interface AssetsServiceOptions {
	readonly actors: ActorPort;
	readonly reads: Reads;
	/** Rows that this node has projected: they tell that a user's actor is there. */
	readonly feed: ProjectionFeed;
	/** Where actors come alive at other nodes. */
	readonly announcements?: Announcements | undefined;
	/** Resolves when what was committed here before is projected; waited for a second at most. */
	settle(): Promise<void>;
	readonly runtime: Pick<Runtime, 'after' | 'random'>;
	/** All institutions as this node knows them now. */
	institutions(): readonly InstitutionInfo[];
}

export interface AssetsService extends Service {
	/** Ends the following of rows and of users' actors. */
	close(): void;
}

type CommandArgs<C extends keyof (typeof assetsContract)['commands']> = Args<
	typeof assetsContract,
	C
>;

/** One user with sessions here. */
interface Viewer {
	readonly watch: AssetWatch;
	readonly sessions: Set<AssetsSession>;
	readonly unlisten: () => void;
}

const AWAY: CommandAnswer = {
	ok: false,
	code: 'UNAVAILABLE',
	message: 'the store cannot be read now',
};

/**
 * Own assets and their registration (I1 to I7). Reads come from the store and call nobody; what a user
 * asks for is done by the user's actor, whose steps are told to all of the user's devices.
 */
class Assets implements AssetsService {
	readonly contract = assetsContract;
	readonly #options: AssetsServiceOptions;
	readonly #store: AssetStore;
	readonly #viewers = new Map<string, Viewer>();
	readonly #unfollow: () => void;

	constructor(options: AssetsServiceOptions) {
		this.#options = options;
		const { reads, feed } = options;
		this.#store = new AssetStore({
			reads,
			settle: () => waitAtMost(options.runtime, OWN_WRITES_MS_MAX, options.settle()),
			ask: (userId, institution) => this.#snapshot(userId, institution),
		});
		this.#unfollow = feed.onRows((rows) => {
			for (const { collection, key } of rows) {
				if (collection === 'consentAudit') this.#viewers.get(String(key[0]))?.watch.look();
			}
		});
	}

	open(connection: Connection, tell: Tell): ServiceSession {
		const { userId } = connection.identity;
		const viewer = this.#viewer(userId);
		const { jobs, known } = viewer.watch;
		const session = new AssetsSession(tell, {
			jobs,
			snapshot: (institution) => this.#store.get(userId, known, institution),
		});
		viewer.sessions.add(session);
		// Where others of the user's devices listen already, nobody would tell this one.
		for (const job of viewer.watch.jobs.values()) if (job.state === 'running') session.job(job);
		viewer.watch.look();
		return {
			command: (name, args, request) => this.#command(viewer, { name, args, request }),
			caughtUp: () => session.caughtUp(),
			close: () => {
				viewer.sessions.delete(session);
				if (viewer.sessions.size === 0) this.#release(viewer);
			},
		};
	}

	close(): void {
		this.#unfollow();
		for (const viewer of [...this.#viewers.values()]) this.#release(viewer);
	}

	#viewer(userId: string): Viewer {
		const there = this.#viewers.get(userId);
		if (there !== undefined) return there;
		const { actors, announcements, runtime } = this.#options;
		const sessions = new Set<AssetsSession>();
		const news = {
			job: (job: Parameters<AssetsSession['job']>[0]) => {
				for (const session of sessions) session.job(job);
			},
			step: (...told: Parameters<AssetsSession['step']>) => {
				for (const session of sessions) session.step(...told);
			},
			snapshot: (institution: string) => {
				for (const session of sessions) session.snapshot(institution);
			},
		};
		const watch = new AssetWatch({ userId, actors, runtime, news });
		const key = actorKey('user', userId);
		const unlisten = announcements?.listen(key, () => watch.look()) ?? (() => {});
		const viewer = { watch, sessions, unlisten };
		this.#viewers.set(userId, viewer);
		return viewer;
	}

	#release(viewer: Viewer): void {
		const { userId } = viewer.watch;
		if (this.#viewers.get(userId) === viewer) this.#viewers.delete(userId);
		viewer.unlisten();
		viewer.watch.close();
	}

	async #command(
		{ watch }: Viewer,
		{ name, args, request }: { name: string; args: unknown; request?: ServiceRequest },
	): Promise<CommandAnswer> {
		const { userId } = watch;
		switch (name) {
			case 'institutions':
				return { ok: true, reply: { institutions: this.#options.institutions() } };
			case 'list': {
				const { after } = args as CommandArgs<'list'>;
				return this.#read(watch, () => this.#store.list(userId, watch.known, after));
			}
			case 'get': {
				const { institution, part } = args as CommandArgs<'get'>;
				const place = { institution, part };
				return this.#read(watch, () => this.#store.part(userId, watch.known, place));
			}
			case 'register':
				return this.#register(watch, args as CommandArgs<'register'>, request);
			case 'jobs':
			case 'consents': {
				await watch.settled(OWN_WRITES_MS_MAX);
				const answer = await this.#ask(userId, { name, args: {} });
				if (answer.ok || answer.code !== 'NOT_FOUND') return answer;
				return { ok: true, reply: { [name]: [] } };
			}
			case 'withdraw':
				return this.#withdraw(watch, args as CommandArgs<'withdraw'>);
			default:
				return { ok: false, code: 'NOT_FOUND', message: 'assets have no such command' };
		}
	}

	async #read(watch: AssetWatch, read: () => Promise<unknown>): Promise<CommandAnswer> {
		await watch.settled(OWN_WRITES_MS_MAX);
		try {
			return { ok: true, reply: await read() };
		} catch {
			return AWAY;
		}
	}

	async #register(
		watch: AssetWatch,
		args: CommandArgs<'register'>,
		request: ServiceRequest | undefined,
	): Promise<CommandAnswer> {
		const known = new Set(this.#options.institutions().map(({ id }) => id));
		const unknown = args.institutions.find((id) => !known.has(id));
		if (unknown !== undefined) {
			return { ok: false, code: 'NOT_FOUND', message: `there is no institution ${unknown}` };
		}
		const { requestId, resend, bytes } = request ?? {};
		const answer = await this.#ask(watch.userId, {
			name: 'register',
			args,
			by: watch.userId,
			more: { requestId, resend, bytes },
		});
		if (answer.ok) watch.look();
		return answer;
	}

	async #withdraw(
		watch: AssetWatch,
		{ institution }: CommandArgs<'withdraw'>,
	): Promise<CommandAnswer> {
		const { userId } = watch;
		const answer = await this.#ask(userId, { name: 'withdraw', args: { institution }, by: userId });
		if (!answer.ok) return answer.code === 'NOT_FOUND' ? { ok: true, reply: {} } : answer;
		const { version } = answer.reply as { version: number };
		if (version > 0) watch.learn(institution, { version, isGone: true });
		return { ok: true, reply: {} };
	}

	async #snapshot(userId: string, institution: string): Promise<AssetSnapshot | undefined> {
		const args = { institutions: [institution] };
		const answer = await this.#ask(userId, { name: 'assets', args });
		if (!answer.ok) throw new Error(`the assets of a user cannot be read: ${answer.code}`);
		return (answer.reply as { snapshots: readonly AssetSnapshot[] }).snapshots[0];
	}

	/** `by`: who is written down as the one who wanted it. */
	#ask(
		userId: string,
		asked: {
			readonly name: string;
			readonly args: unknown;
			readonly by?: string;
			readonly more?: Pick<CommandRequest, 'requestId' | 'resend' | 'bytes'>;
		},
	): Promise<CommandAnswer> {
		const { name, args, by = READER.userId, more } = asked;
		const request = { caller: { ...READER, userId: by }, name, args, ...more };
		return new Promise((resolve) =>
			this.#options.actors.command(actorKey('user', userId), request, resolve),
		);
	}
}

/** Serves `assets/me`; `close` ends what it follows. */
export const assetsService = (options: AssetsServiceOptions): AssetsService => new Assets(options);
