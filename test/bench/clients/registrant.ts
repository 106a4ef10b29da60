import type { AssetJob } from '../../../src/protocol/institution.ts';
import { tokenFor } from '../harness/token.ts';
import { NaruLink } from './naru-link.ts';

const HOUR_MS = 3_600_000;

/** A user who connects assets, over a socket of their own. */
export class Registrant {
	readonly #link: NaruLink;
	readonly #handle: number;
	#requests = 0;

	private constructor(link: NaruLink, handle: number) {
		this.#link = link;
		this.#handle = handle;
	}

	static async enter(url: string, userId: string): Promise<Registrant> {
		const link = await NaruLink.connect(url, await tokenFor(userId));
		const { handle } = await link.open({ kind: 'assets', id: 'me', args: {} }, () => {});
		return new Registrant(link, handle);
	}

	/** Resolves with the answer of the server, long before institutions have answered. */
	async register(institutions: readonly string[]): Promise<AssetJob> {
		const consent = { scopes: ['assets'], expiresAt: Date.now() + HOUR_MS };
		const requestId = `r${++this.#requests}`;
		const args = { institutions, consent };
		return (await this.#link.command(this.#handle, 'register', { args, requestId })) as AssetJob;
	}

	/** How many registrations are under way. */
	async running(): Promise<number> {
		return (await this.jobs()).filter(({ state }) => state === 'running').length;
	}

	/** The registrations so far, the oldest first. */
	async jobs(): Promise<readonly AssetJob[]> {
		const reply = await this.#link.command(this.#handle, 'jobs', { args: {} });
		return (reply as { jobs: readonly AssetJob[] }).jobs;
	}

	leave(): void {
		this.#link.cut();
	}
}
