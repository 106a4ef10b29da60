import { connect, type Naru } from '../../../client-sdk/src/index.ts';
import { dayConsent } from '../../support/simulated-banks.ts';
import { devToken } from '../../support/world.ts';

/** Others who connect an institution, one after the other, so that it is called. */
export class BankCustomers {
	readonly #url: string;
	readonly #clients: Naru[] = [];

	constructor(url: string) {
		this.#url = url.replace(/\/$/, '');
	}

	/** Somebody new connects an institution; resolves when the first word of it is there. */
	async ask(institution: string): Promise<void> {
		const userId = `customer-${this.#clients.length}`;
		const naru = connect({ url: this.#url, token: () => devToken(this.#url, { userId }) });
		this.#clients.push(naru);
		const job = await naru.assets.register([institution], { consent: dayConsent() });
		await new Promise<void>((resolve) => {
			job.on('step', ({ code, state }) => {
				if (code !== undefined || state === 'done') resolve();
			});
		});
	}

	/** Customers come on and on, until what is asked holds. */
	async askUntil(institution: string, holds: () => Promise<boolean>): Promise<void> {
		while (!(await holds())) await this.ask(institution);
	}

	async close(): Promise<void> {
		await Promise.all(this.#clients.map((naru) => naru.close()));
	}
}
