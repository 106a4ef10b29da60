import { tokenFor } from '../harness/token.ts';
import { NaruLink } from './naru-link.ts';
import { joining } from './naru-member.ts';

/** A member who only asks: what the owner answers from memory, without a write. */
export class Asker {
	readonly #link: NaruLink;
	readonly #handle: number;

	private constructor(link: NaruLink, handle: number) {
		this.#link = link;
		this.#handle = handle;
	}

	static async enter(url: string, userId: string, channel: string): Promise<Asker> {
		const link = await NaruLink.connect(url, await tokenFor(userId));
		const { handle } = await link.open(joining(channel), () => {});
		return new Asker(link, handle);
	}

	/** Resolves with the answer; the name is that of whoever else takes part in a load. */
	async send(): Promise<void> {
		await this.#link.command(this.#handle, 'members', { args: { limit: 1 } });
	}

	leave(): void {
		this.#link.cut();
	}
}
