import { z } from 'zod';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Revoked } from '../gateway/ports.ts';
import { pack, unpack } from '../protocol/codec.ts';
import type { NodeId } from './directory.ts';
import type { Relay } from './relay.ts';

/** Raised when an older node could no longer read what a newer one tells. */
const VERSION = 1;
/** What the relay lost is found in the store after a time between these. */
const LOOK_AFTER_MS = 5_000;
const LOOK_SPREAD_MS = 5_000;

const schema = z.object({
	version: z.literal(VERSION),
	node: z.string(),
	userId: z.string().optional(),
	tokenId: z.string().optional(),
	at: z.number(),
});

/** The revocations of one node, as `gateway/auth/revocations.ts` keeps them. */
export interface RevocationSource {
	onOwn(listener: (revoked: Revoked) => void): () => void;
	learn(revoked: Revoked): Promise<void>;
	/** Learns what other nodes have stored; rejects when the store cannot be read. */
	catchUp(): Promise<void>;
}

export interface RevocationRelayOptions {
	readonly self: NodeId;
	readonly revocations: RevocationSource;
	readonly relay: Relay;
	readonly runtime: Pick<Runtime, 'after' | 'random'>;
	readonly log: Log;
	/** What revocations travel on. */
	readonly subject: string;
}

/** Makes what one node revokes known to all at once, and within ten seconds when the relay loses it. */
export class RevocationRelay {
	readonly #options: RevocationRelayOptions;
	readonly #undo: (() => void)[];
	#cancelLook = () => {};
	#isLooking = false;
	#isStopped = false;
	#hasFailed = false;

	constructor(options: RevocationRelayOptions) {
		const { revocations, relay, subject } = options;
		this.#options = options;
		this.#undo = [
			revocations.onOwn((revoked) => this.#tell(revoked)),
			relay.subscribe(subject, (bytes) => this.#hear(bytes)),
			relay.onStatus((connected) => {
				if (connected) void this.#look();
			}),
		];
		this.#lookLater();
	}

	stop(): void {
		this.#isStopped = true;
		this.#cancelLook();
		for (const undo of this.#undo) undo();
	}

	#tell(revoked: Revoked): void {
		const { relay, self, subject } = this.#options;
		relay.publish(subject, pack({ version: VERSION, node: self, ...revoked }));
	}

	#hear(bytes: Uint8Array): void {
		const message = read(bytes);
		if (message === undefined || message.node === this.#options.self) return;
		const { userId, tokenId, at } = message;
		void this.#options.revocations.learn({
			...(userId === undefined ? {} : { userId }),
			...(tokenId === undefined ? {} : { tokenId }),
			at,
		});
	}

	#lookLater(): void {
		const { runtime } = this.#options;
		const waitMs = LOOK_AFTER_MS + runtime.random() * LOOK_SPREAD_MS;
		this.#cancelLook = runtime.after(waitMs, () => {
			void this.#look().then(() => {
				if (!this.#isStopped) this.#lookLater();
			});
		});
	}

	async #look(): Promise<void> {
		if (this.#isLooking || this.#isStopped) return;
		this.#isLooking = true;
		try {
			await this.#options.revocations.catchUp();
			this.#hasFailed = false;
		} catch (error) {
			const { log } = this.#options;
			if (!this.#hasFailed) log.warn({ err: error }, 'revocations of other nodes cannot be read');
			this.#hasFailed = true;
		} finally {
			this.#isLooking = false;
		}
	}
}

function read(bytes: Uint8Array): z.infer<typeof schema> | undefined {
	try {
		return schema.safeParse(unpack(bytes)).data;
	} catch {
		return undefined;
	}
}
