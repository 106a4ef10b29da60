import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import {
	type PaymentSimulator,
	startPaymentSimulator,
} from '../../../src/simulators/payment/server.ts';
import { devToken, rest } from '../../support/world.ts';
import { Stage } from './stage.ts';
import type { Visitor } from './visitor.ts';

const EVENTS = '/api/v1/ticket-events';

/** Rows of ten: `A-1` to `A-10`, `B-1` … */
export const rowsOfTen = (count: number) =>
	Array.from({ length: count }, (_, at) => ({
		id: `${String.fromCharCode(65 + Math.floor(at / 10))}-${(at % 10) + 1}`,
		grade: at < count / 2 ? 'R' : 'S',
		price: at < count / 2 ? 2_000 : 1_000,
	}));

/** A server that sells tickets, a payment simulator, and a browser in front of both. */
export class TicketStage {
	readonly stage: Stage;
	readonly #simulator: PaymentSimulator;
	#events = 0;

	private constructor(stage: Stage, simulator: PaymentSimulator) {
		this.stage = stage;
		this.#simulator = simulator;
	}

	static async set(): Promise<TicketStage> {
		const simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1' });
		const stage = await Stage.set({ PAYMENT_URL: simulator.url });
		return new TicketStage(stage, simulator);
	}

	/** Makes an event that is open unless told otherwise; resolves with its id. */
	async create(draft: object): Promise<string> {
		const id = `event-${++this.#events}`;
		await this.#asOperator(EVENTS, {
			...{ id, title: `Event ${this.#events}`, opensAt: Date.now() - 1_000, currency: 'KRW' },
			...{ admission: { mode: 'desk' }, ...draft },
		});
		return id;
	}

	/** Calls a route of an event as an operator. */
	ops(id: string, path: string, body: object = {}): Promise<unknown> {
		return this.#asOperator(`${EVENTS}/${id}/${path}`, body);
	}

	/** How the payment providers behave from now on. */
	async providers(behaviour: object): Promise<void> {
		await fetch(`${this.#simulator.url}/control`, {
			method: 'POST',
			body: JSON.stringify(behaviour),
		});
	}

	/** Somebody with the page of an event, in English unless told otherwise. */
	async buyer(name: string, id: string, options: BrowserContextOptions = {}): Promise<Visitor> {
		const visitor = await this.stage.visitor(name, { locale: 'en-GB', ...options });
		await goToEvent(visitor, id);
		return visitor;
	}

	async strike(): Promise<void> {
		await this.stage.strike();
		await this.#simulator.close();
	}

	async #asOperator(path: string, body: object): Promise<unknown> {
		const url = this.stage.url.replace(/\/$/, '');
		const token = await devToken(url, { userId: 'root', roles: ['ops'] });
		const answer = await rest(url, path, { token, body });
		if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
		return answer.body;
	}
}

/** The page of an event, by its address. */
export const goToEvent = ({ page }: Visitor, id: string): Promise<unknown> =>
	page.evaluate(`location.hash = '#/tickets/${id}'`);

/** The screen of a phase, once it is there. */
export async function screen({ page }: Visitor, name: string): Promise<Locator> {
	const shown = page.locator(`[data-screen="${name}"]`);
	await shown.waitFor();
	return shown;
}

/** Presses the way in, and waits to be inside. */
export async function enterSale(visitor: Visitor): Promise<void> {
	await visitor.page.click('[data-screen=entrance] .primary');
	await screen(visitor, 'picking');
}

/** Goes to a seat by the keyboard; the line below the map then says what is known of it. */
export async function goToSeat({ page }: Visitor, row: number, seat: number): Promise<void> {
	await page.focus('.seat-grid button[tabindex="0"]');
	await page.keyboard.press('Home');
	for (let at = 1; at < row; at++) await page.keyboard.press('ArrowDown');
	for (let at = 1; at < seat; at++) await page.keyboard.press('ArrowRight');
}

/** What the line below the map says. */
export const seatLine = ({ page }: Visitor): Locator => page.locator('.seat-line');

/** Takes the seat that the keyboard is at, and goes to the till. */
export async function takeAndCheckOut(visitor: Visitor): Promise<void> {
	const { page } = visitor;
	await page.keyboard.press('Enter');
	await page.locator('.basket-rows li').first().waitFor();
	await page.click('.basket .primary');
	await screen(visitor, 'paying');
}

export async function payWith({ page }: Visitor, method: string): Promise<void> {
	await page.selectOption('.pay-form select', method);
	await page.click('.pay-form .primary');
}

/** Parts that stand out of the page to the right, and buttons too small for a thumb. */
export const faultsOf = (page: Page): Promise<unknown> =>
	page.evaluate(`(() => {
		const wide = [...document.querySelectorAll('html, .tickets, .tickets-body, .basket, .hall')];
		const tooWide = wide.filter((one) => one.scrollWidth > one.clientWidth + 1);
		const small = [...document.querySelectorAll('.tickets button, .tickets a, .tickets select')];
		const isSmall = ({ width, height }) => width > 0 && (width < 44 || height < 44);
		// Seats as buttons are for keyboards and readers: a thumb touches the drawing below them.
		const isTouched = (one) => getComputedStyle(one).pointerEvents !== 'none';
		return [
			...tooWide.map((one) => 'too wide: ' + one.className),
			...small.filter(isTouched).filter((one) => isSmall(one.getBoundingClientRect())).map((one) => one.outerHTML),
		];
	})()`);
