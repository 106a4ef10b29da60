/**
 * The wish to enter, until it is fulfilled or given up.
 *
 *     none ──begin──▶ asking ──has a place──▶ kept ──inside, bought──▶ none
 *                      ▲  │ before the opening    │ missed the turn
 *                      │  ▼                       │
 *                   sleeping ◀────────────────────┘
 *
 * Sold out, closed, refused and `end` lead to none from everywhere.
 */
import type { TicketEventInfo, TicketMe } from './generated/schemas.ts';
import { NaruError } from './naru-error.ts';

/** The opening may be moved, and clocks are set: nobody sleeps longer without a look. */
const SLEEP_MS_MAX = 30_000;
/** It is time, but the sale is not open: it is asked for so often at first, then less and less. */
const LATE_MS = 250;
const LATE_MS_MAX = 10_000;

interface Timers {
	setTimeout(run: () => void, ms: number): unknown;
	clearTimeout(timer: unknown): void;
	random(): number;
}

interface Sale {
	/** The server's clock. */
	now(): number;
	info(): TicketEventInfo | undefined;
	/** Asks for a place; resolves with where the user stands. */
	enter(): Promise<TicketMe>;
}

interface Asker {
	resolve(me: TicketMe): void;
	reject(error: NaruError): void;
}

export class TicketEntry {
	readonly #timers: Timers;
	readonly #sale: Sale;
	#state: 'none' | 'asking' | 'sleeping' | 'kept' = 'none';
	readonly #askers: Asker[] = [];
	#timer: unknown;
	/** How often it was too early in a row. */
	#lateness = 0;
	/** Counts wishes: an answer to an older one is for nobody. */
	#wish = 0;

	constructor(timers: Timers, sale: Sale) {
		this.#timers = timers;
		this.#sale = sale;
	}

	/** Resolves when there is a place, or another end of the wish that is none's fault. */
	begin(): Promise<TicketMe> {
		return new Promise((resolve, reject) => {
			this.#askers.push({ resolve, reject });
			if (this.#state === 'none' || this.#state === 'kept') this.#next();
		});
	}

	/** The wish is given up. */
	end(): void {
		this.fail(new NaruError('CLOSED', 'the wish to enter was given up'));
	}

	fail(error: NaruError): void {
		this.#forget();
		for (const { reject } of this.#askers.splice(0)) reject(error);
	}

	/** The sale is another: perhaps it has opened. */
	changed(): void {
		this.#lateness = 0;
		if (this.#state === 'sleeping') this.#next();
	}

	/** Where the user stands now; a missed turn is made good by coming back. */
	stands({ phase, ended }: TicketMe): void {
		if (this.#state !== 'kept') return;
		if (phase === 'waiting' || phase === 'turn') return;
		if (phase === 'before' && ended !== 'left') this.#next();
		else this.#forget();
	}

	/** Sleeps or asks, as it is time. */
	#next(): void {
		this.#timers.clearTimeout(this.#timer);
		const waitMs = this.#waitMs();
		if (waitMs > 0) this.#sleep(waitMs);
		else void this.#ask();
	}

	/** Until the opening. What the sale is like is not known before the first answer. */
	#waitMs(): number {
		const info = this.#sale.info();
		if (info?.state !== 'scheduled') return 0;
		return Math.min(SLEEP_MS_MAX, info.opensAt - this.#sale.now());
	}

	#sleep(waitMs: number): void {
		this.#state = 'sleeping';
		this.#timer = this.#timers.setTimeout(() => this.#next(), waitMs);
	}

	async #ask(): Promise<void> {
		this.#state = 'asking';
		const wish = ++this.#wish;
		try {
			const me = await this.#sale.enter();
			if (wish === this.#wish) this.#answered(me);
		} catch (error) {
			if (wish === this.#wish) this.fail(error as NaruError);
		}
	}

	#answered(me: TicketMe): void {
		const { phase } = me;
		if (phase === 'soldOut') this.fail(new NaruError('SOLD_OUT'));
		else if (phase === 'closed') this.fail(new NaruError('CLOSED'));
		else if (phase === 'before') {
			const lateMs = Math.min(LATE_MS_MAX, LATE_MS * 2 ** this.#lateness++);
			this.#sleep(Math.max(lateMs * (1 + this.#timers.random()), this.#waitMs()));
		} else {
			this.#lateness = 0;
			if (phase === 'waiting' || phase === 'turn') this.#state = 'kept';
			else this.#forget();
			for (const { resolve } of this.#askers.splice(0)) resolve(me);
		}
	}

	#forget(): void {
		this.#wish++;
		this.#lateness = 0;
		this.#state = 'none';
		this.#timers.clearTimeout(this.#timer);
	}
}
