import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TEXTS } from '../../src/demo/texts.ts';
import { eventually } from './support/stage.ts';
import {
	enterSale,
	faultsOf,
	goToEvent,
	goToSeat,
	payWith,
	rowsOfTen,
	screen,
	seatLine,
	TicketStage,
	takeAndCheckOut,
} from './support/ticket-stage.ts';
import { PHONE, type Visitor } from './support/visitor.ts';

const { tickets: words } = TEXTS.en;
const GOOD = { latencyMs: [5, 20], lateArrivalMs: 0 };
const WRONG_CLOCK_MS = 600_000;

let sale: TicketStage;

beforeAll(async () => {
	sale = await TicketStage.set();
});
afterEach(async () => {
	await sale.providers(GOOD);
	await sale.stage.clear();
});
afterAll(() => sale.strike());

/** When the countdown of a screen ends, by the server's clock. */
const deadlineOf = ({ page }: Visitor) => page.locator('[role=timer]').getAttribute('data-until');

describe('[T6] [T7] [T9] a sale', () => {
	test('a seat is taken before the eyes of another buyer, paid, and becomes a ticket with a code', async () => {
		const id = await sale.create({ seats: rowsOfTen(40) });
		const [ann, bob] = await Promise.all([sale.buyer('Ann', id), sale.buyer('Bob', id)]);
		await Promise.all([enterSale(ann), enterSale(bob)]);
		await Promise.all([goToSeat(ann, 2, 3), goToSeat(bob, 2, 3)]);
		expect(await seatLine(bob).textContent()).toContain(`B-3 · R · ₩2,000 · ${words.free}`);
		await takeAndCheckOut(ann);
		await eventually(() => seatLine(bob).textContent()).toContain(words.held);
		await bob.page.keyboard.press('Enter');
		await bob.page.getByText(words.seatGone).waitFor();
		await payWith(ann, 'tok-card');
		await screen(ann, 'done');
		const ticket = ann.page.locator('.ticket');
		expect(await ticket.locator('.ticket-seat').textContent()).toBe('B-3');
		expect(await ticket.getAttribute('data-code')).toMatch(`naru:ticket:${id}:`);
		await ticket.getByRole('img', { name: words.ticketFor('Event 1') }).waitFor();
		await eventually(() => seatLine(bob).textContent()).toContain(words.sold);
		expect([ann.sockets, bob.sockets]).toEqual([1, 1]);
		expect([...ann.complaints, ...bob.complaints]).toEqual([]);
	});

	test('[T13] a ticket is given back on the page of one’s own, and the seat is free again', async () => {
		const id = await sale.create({ seats: rowsOfTen(20) });
		const ann = await sale.buyer('Ann', id);
		await enterSale(ann);
		await ann.page.click(`.hall-head button`);
		await ann.page.locator('.basket-rows li').nth(2).waitFor();
		await ann.page.click('.basket .primary');
		await payWith(ann, 'tok-card');
		await screen(ann, 'done');
		await ann.page.evaluate(`location.hash = '#/my-tickets'`);
		const tickets = ann.page.locator('.order-group').first().locator('.ticket');
		await eventually(() => tickets.count()).toBe(3);
		await tickets.first().getByRole('button', { name: words.refund }).click();
		await tickets.first().getByRole('button', { name: words.refundSure }).click();
		await ann.page.getByText(words.refundDone('₩2,000')).waitFor();
		await eventually(() => tickets.count()).toBe(2);
		expect(ann.complaints).toEqual([]);
	});

	test('without seats one chooses how many', async () => {
		const id = await sale.create({ stock: { total: 10, price: 500 } });
		const ann = await sale.buyer('Ann', id);
		await enterSale(ann);
		const more = ann.page.getByRole('button', { name: words.oneMore });
		await more.click();
		await eventually(() => ann.page.textContent('.counter output')).toBe('1');
		await more.click();
		await eventually(() => ann.page.textContent('.counter output')).toBe('2');
		await ann.page.getByRole('button', { name: words.oneLess }).click();
		await eventually(() => ann.page.textContent('.counter output')).toBe('1');
		await ann.page.click('.basket .primary');
		await payWith(ann, 'tok-card');
		await screen(ann, 'done');
		// The list of tickets follows the sale by a moment.
		await eventually(() => ann.page.locator('.ticket').count()).toBe(1);
	});
});

describe('[T2] [T12] the queue', () => {
	test('one sees the place, is let in by itself, and is told when all is sold', async () => {
		const admission = { mode: 'desk', maxActive: 1 };
		const id = await sale.create({ stock: { total: 1, price: 500 }, admission });
		const ann = await sale.buyer('Ann', id);
		await enterSale(ann);
		const [bob, cy] = [await sale.buyer('Bob', id), await sale.buyer('Cy', id)];
		for (const one of [bob, cy]) {
			await one.page.click('[data-screen=entrance] .primary');
			await screen(one, 'waiting');
		}
		await bob.page.locator('.hero-label', { hasText: words.youAreNext }).waitFor();
		expect(await cy.page.locator('[data-place]').getAttribute('data-place')).toBe('1');
		await cy.page.getByText(words.keepPlace).waitFor();
		await cy.page.reload();
		await screen(cy, 'waiting');
		expect(await cy.page.locator('[data-place]').getAttribute('data-place')).toBe('1');
		// Looking at something else does not cost the turn.
		await bob.page.evaluate(`location.hash = '#/'`);
		await ann.page.getByRole('button', { name: words.giveUpAll }).click();
		await ann.page.getByRole('button', { name: words.leaveSure }).click();
		await ann.page.getByText(words.endedLeft).waitFor();
		await bob.page.locator('.tickets-link', { hasText: words.insideShort }).click();
		await screen(bob, 'picking');
		await bob.page.getByRole('button', { name: words.oneMore }).click();
		await bob.page.click('.basket .primary:enabled');
		await payWith(bob, 'tok-card');
		await screen(bob, 'done');
		await screen(cy, 'soldOut');
		await screen(ann, 'soldOut');
	});

	test('[T18] who comes early waits by the server’s clock and joins by itself', async () => {
		const opensAt = Date.now() + 12_000;
		const id = await sale.create({ opensAt, seats: rowsOfTen(20) });
		const ann = await sale.stage.visitor('Ann', { locale: 'en-GB' });
		await ann.page.addInitScript(`(() => {
			const now = Date.now;
			Date.now = () => now() + ${WRONG_CLOCK_MS};
		})()`);
		await ann.page.reload();
		await goToEvent(ann, id);
		const countdown = (await screen(ann, 'countdown')).locator('[role=timer]');
		const [shown, left] = [await countdown.textContent(), (opensAt - Date.now()) / 1_000];
		expect(Math.abs(Number(shown?.split(':')[1]) - left)).toBeLessThan(3);
		await screen(ann, 'picking');
		expect(Date.now()).toBeGreaterThanOrEqual(opensAt);
		await eventually(() => ann.page.textContent('.countdown strong')).toMatch(/^9:\d\d$/);
	});
});

describe('[T8] [T10] at the till', () => {
	const toTheTill = async (): Promise<Visitor> => {
		const id = await sale.create({ seats: rowsOfTen(20) });
		const ann = await sale.buyer('Ann', id);
		await enterSale(ann);
		await goToSeat(ann, 1, 2);
		await takeAndCheckOut(ann);
		return ann;
	};

	test('a reload shows the same order and the same countdown', async () => {
		const ann = await toTheTill();
		const before = await deadlineOf(ann);
		expect(Number(before)).toBeGreaterThan(Date.now());
		await ann.page.reload();
		await screen(ann, 'paying');
		expect(await deadlineOf(ann)).toBe(before);
		expect(await ann.page.textContent('.seat-chip')).toBe('A-2');
		await payWith(ann, 'tok-card');
		await screen(ann, 'done');
	});

	test('a card that the bank declines: nothing is lost, another one pays', async () => {
		const ann = await toTheTill();
		await payWith(ann, 'tok-declined');
		await ann.page.getByText(words.declined).waitFor();
		await sale.providers({ latencyMs: 1_500 });
		await payWith(ann, 'tok-card');
		await ann.page.getByText(words.paying).waitFor();
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(await ann.page.locator('.pay-form').count()).toBe(0);
		await screen(ann, 'done');
	});

	test('a payment in doubt says "checking", also after a reload, and never that it failed', async () => {
		const ann = await toTheTill();
		await sale.providers({ lateArrivalMs: 600_000 });
		await payWith(ann, 'tok-card');
		await ann.page.getByText(words.paying).or(ann.page.getByText(words.checking)).waitFor();
		await ann.page.getByText(words.checking).waitFor();
		await ann.page.reload();
		await ann.page.getByText(words.checking).waitFor();
		expect(await ann.page.locator('.pay-form, .note.danger, .form-error:not(:empty)').count()).toBe(
			0,
		);
		await sale.providers(GOOD);
		await ann.page.locator('[data-screen=done]').waitFor({ timeout: 90_000 });
		expect(await ann.page.locator('.ticket').count()).toBe(1);
	});

	test('a reload while the bank is asked does not ask for the payment again', async () => {
		const ann = await toTheTill();
		await sale.providers({ latencyMs: 4_000 });
		await payWith(ann, 'tok-card');
		await ann.page.getByText(words.paying).waitFor();
		await ann.page.reload();
		await screen(ann, 'paying');
		expect(await ann.page.locator('.pay-form').count()).toBe(0);
		await ann.page.locator('[data-screen=done]').waitFor({ timeout: 60_000 });
	});

	test('another device sees that the bank is asked, and takes over what comes', async () => {
		const ann = await toTheTill();
		const id = (await ann.page.getAttribute('main', 'data-event')) ?? '';
		await sale.providers({ latencyMs: 6_000 });
		const phone = await sale.buyer('Ann', id, PHONE);
		await screen(phone, 'paying');
		await phone.page.locator('.pay-form').waitFor();
		await payWith(ann, 'tok-card');
		await phone.page.getByText(words.paying).waitFor();
		expect(await phone.page.locator('.pay-form').count()).toBe(0);
		await sale.providers(GOOD);
		for (const one of [ann, phone]) {
			await one.page.locator('[data-screen=done]').waitFor({ timeout: 60_000 });
		}
		await eventually(() => phone.page.locator('.ticket').count()).toBe(1);
		expect([...ann.complaints, ...phone.complaints]).toEqual([]);
	});

	test('no network: the page says so, keeps the order, and goes on behind it', async () => {
		const ann = await toTheTill();
		const before = await deadlineOf(ann);
		await ann.page.context().setOffline(true);
		await ann.page.locator('.banner.waiting').waitFor();
		expect(await deadlineOf(ann)).toBe(before);
		expect(await ann.page.locator('.seat-chip').count()).toBe(1);
		await ann.page.context().setOffline(false);
		await ann.page.locator('.banner.waiting').waitFor({ state: 'detached' });
		await payWith(ann, 'tok-card');
		await screen(ann, 'done');
	});
});

describe('without a mouse', () => {
	test('seats are buttons of a grid: one stop for Tab, arrows between them, each with its name', async () => {
		const id = await sale.create({ seats: rowsOfTen(40) });
		const ann = await sale.buyer('Ann', id);
		await enterSale(ann);
		const { page } = ann;
		const grid = page.getByRole('grid', { name: words.seatMap });
		await grid.waitFor();
		expect(await grid.getAttribute('aria-rowcount')).toBe('4');
		expect(await grid.locator('button[tabindex="0"]').count()).toBe(1);
		await page.locator('.hall-head button').focus();
		await page.keyboard.press('Tab');
		const focused = () => page.evaluate('document.activeElement?.getAttribute("aria-label")');
		await eventually(focused).toContain('A-1 · R · ₩2,000');
		// As fast as keys come: Enter takes the seat that the arrows led to.
		for (const key of ['End', 'ArrowDown', 'ArrowLeft', 'Enter']) await page.keyboard.press(key);
		await eventually(focused).toContain(`B-9 · R · ₩2,000 · ${words.mine}`);
		const own = grid.getByRole('button', { pressed: true });
		expect(await own.getAttribute('aria-label')).toContain('B-9');
		expect(await page.locator('.basket-rows li').innerText()).toContain('B-9');
		for (let row = 0; row < 3; row++) await page.keyboard.press('ArrowDown');
		await eventually(focused).toContain('D-9');
		// Far from the present one nothing is there, however many rows a hall has.
		await page.keyboard.press('Tab');
		expect(await focused()).toBe(words.zoomIn);
	});

	test('a new screen is said, and the focus is not lost', async () => {
		const id = await sale.create({ seats: rowsOfTen(20) });
		const ann = await sale.buyer('Ann', id);
		const { page } = ann;
		await page.locator('[data-screen=entrance] .primary').focus();
		await page.keyboard.press('Enter');
		await screen(ann, 'picking');
		const news = page.locator('main > [role=status]');
		await eventually(() => news.textContent()).toBe(`${words.yourTurn}. ${words.pickSeats(3)}`);
		await eventually(() => page.evaluate('document.activeElement?.tagName')).toBe('MAIN');
	});

	test('a sale that goes on is said, also on the same screen', async () => {
		const id = await sale.create({ seats: rowsOfTen(20) });
		await sale.ops(id, 'pause');
		const ann = await sale.buyer('Ann', id);
		await ann.page.getByText(words.restsNow).waitFor();
		const news = ann.page.locator('main > [role=status]');
		expect(await news.textContent()).toBe('');
		await sale.ops(id, 'resume');
		await eventually(() => news.textContent()).toBe(words.saleIsOn);
	});

	test('seats are where they are drawn, near and far, and none is touched to get there', async () => {
		const id = await sale.create({ seats: rowsOfTen(40) });
		const ann = await sale.buyer('Ann', id, { viewport: { width: 400, height: 700 } });
		await enterSale(ann);
		const { page } = ann;
		const seat = page.getByRole('button', { name: 'C-4 ·' });
		const place = async () => {
			const { x, y, width, height } = (await seat.boundingBox()) ?? {
				x: 0,
				y: 0,
				width: 0,
				height: 0,
			};
			return { x: x + width / 2, y: y + height / 2, width };
		};
		await eventually(async () => (await place()).width).toBeGreaterThan(20);
		await page.evaluate(`new MutationObserver((changes) => {
			document.body.dataset.touched = changes.length;
		}).observe(document.querySelector('.seat-grid tbody'), {
			...{ subtree: true, childList: true, attributes: true },
		})`);
		const far = await place();
		await page.mouse.move(far.x, far.y);
		await page.mouse.wheel(0, -200);
		await eventually(async () => (await place()).width).toBeGreaterThan(far.width);
		const near = await place();
		await page.mouse.down();
		await page.mouse.move(near.x - 100, near.y, { steps: 5 });
		await page.mouse.up();
		await eventually(async () => (await place()).x).toBeLessThan(near.x - 30);
		expect(await page.evaluate('document.body.dataset.touched')).toBeUndefined();
		const { x, y } = await place();
		await page.mouse.click(x, y);
		await eventually(() => seatLine(ann).textContent()).toContain(
			`C-4 · S · ₩1,000 · ${words.mine}`,
		);
	});
});

describe('the list', () => {
	test('[T18] is searched and filtered, and leads to the event', async () => {
		const id = await sale.create({ seats: rowsOfTen(20), title: 'A rare evening' });
		const later = Date.now() + 3_600_000;
		const soon = await sale.create({ seats: rowsOfTen(20), title: 'Rarely', opensAt: later });
		const ann = await sale.stage.visitor('Ann', { locale: 'en-GB' });
		await ann.page.click('.tickets-link');
		const cards = ann.page.locator('.event-card');
		await ann.page.fill('input[type=search]', 'rare');
		await eventually(() => cards.count()).toBe(2);
		await ann.page.getByRole('button', { name: words.upcoming }).click();
		await eventually(() => cards.getAttribute('data-event')).toBe(soon);
		await ann.page.getByRole('button', { name: words.open }).click();
		await eventually(() => cards.getAttribute('data-event')).toBe(id);
		await cards.click();
		await screen(ann, 'entrance');
		await sale.ops(id, 'close');
		await screen(ann, 'closed');
	});

	test('an event that is not there says so', async () => {
		const ann = await sale.buyer('Ann', 'nowhere');
		await ann.page.getByText(words.notThere).waitFor();
	});
});

describe('a phone', () => {
	test.each([320, 390])(
		'%i px wide, in Korean: nothing stands out, all is large enough',
		async (width) => {
			const id = await sale.create({ seats: rowsOfTen(200) });
			const phone = { ...PHONE, viewport: { width, height: 700 }, locale: 'ko-KR' };
			const ann = await sale.buyer('Ann', id, phone);
			const faults = async () => expect(await faultsOf(ann.page)).toEqual([]);
			await screen(ann, 'entrance');
			await faults();
			await enterSale(ann);
			await ann.page.locator('.seat-map canvas').waitFor();
			await faults();
			const map = ann.page.locator('.seat-map');
			const scale = Number(await map.getAttribute('data-scale'));
			const {
				x,
				y,
				width: across,
				height,
			} = (await ann.page.locator('.seat-field').boundingBox()) ?? {
				x: 0,
				y: 0,
				width: 0,
				height: 0,
			};
			await ann.page.touchscreen.tap(x + across / 2, y + height / 2);
			await eventually(async () => Number(await map.getAttribute('data-scale'))).toBeGreaterThan(
				scale,
			);
			await ann.page.click('.hall-head button');
			await ann.page.locator('.basket-rows li').nth(2).waitFor();
			await faults();
			await ann.page.click('.basket .primary');
			await screen(ann, 'paying');
			await faults();
			await payWith(ann, 'tok-card');
			await ann.page.locator('.ticket').nth(2).waitFor();
			await faults();
			await ann.page.evaluate(`location.hash = '#/tickets'`);
			await ann.page.locator('.event-card').first().waitFor();
			await faults();
		},
	);
});
