import type { Sale, Standing, TicketEvent } from '../../../client-sdk/src/index.ts';
import type { NaruClient } from '../client.ts';

/** An event in which the user stands somewhere, whatever the page shows. */
export interface Visit {
	readonly id: string;
	readonly me: Standing;
	readonly sale: Sale | undefined;
}

/** Where leaving the page must not lose a place or a turn. */
const STAYS: readonly Standing['phase'][] = ['waiting', 'turn', 'inside', 'paying'];

/** Sales that stay open while one looks at something else: a turn has to be taken by who is there. */
export class Visits {
	readonly #naru: NaruClient;
	readonly #kept = new Map<string, () => void>();
	readonly #listeners = new Set<() => void>();
	/** Pages that show the event now. */
	readonly #shown = new Map<string, number>();

	constructor(naru: NaruClient) {
		this.#naru = naru;
	}

	/** The event, open as long as it is shown or one stands in it. */
	show(id: string): { readonly event: TicketEvent; readonly hide: () => void } {
		const event = this.#naru.ticketEvent(id);
		this.#shown.set(id, (this.#shown.get(id) ?? 0) + 1);
		if (!this.#kept.has(id)) this.#kept.set(id, this.#follow(event));
		return {
			event,
			hide: () => {
				this.#shown.set(id, (this.#shown.get(id) ?? 1) - 1);
				this.#closeIdle(event);
			},
		};
	}

	/** Where the user stands now. */
	get current(): readonly Visit[] {
		return [...this.#kept.keys()].flatMap((id) => {
			const { me, state: sale } = this.#naru.ticketEvent(id);
			return me && STAYS.includes(me.phase) ? [{ id, me, sale }] : [];
		});
	}

	onChange(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	#follow(event: TicketEvent): () => void {
		const changed = () => {
			for (const listener of this.#listeners) listener();
			this.#closeIdle(event);
		};
		return event.on('me', changed);
	}

	#closeIdle(event: TicketEvent): void {
		const { id, me } = event;
		if ((this.#shown.get(id) ?? 0) > 0 || (me && STAYS.includes(me.phase))) return;
		this.#kept.get(id)?.();
		this.#kept.delete(id);
		event.close();
	}
}

let known: { readonly naru: NaruClient; readonly visits: Visits } | undefined;

/** The visits of a client: one for the whole page. */
export function visitsOf(naru: NaruClient): Visits {
	if (known?.naru !== naru) known = { naru, visits: new Visits(naru) };
	return known.visits;
}
