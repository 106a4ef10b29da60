import type { TicketEventInfo } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { moneyText } from './money.ts';

const { tickets } = texts;
const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });

const STATE_TEXTS = {
	scheduled: tickets.upcoming,
	open: tickets.open,
	paused: tickets.paused,
	soldOut: tickets.soldOut,
	closed: tickets.closed,
} as const;

/** The state of a sale in a word. */
export function StateBadge({ state }: { readonly state: TicketEventInfo['state'] }) {
	return (
		<span class="sale-state" data-state={state}>
			{STATE_TEXTS[state]}
		</span>
	);
}

/** The price, or from which to which. */
export function priceText({ priceMin, priceMax, currency }: TicketEventInfo): string {
	const lowest = moneyText(language, priceMin, currency);
	return priceMin === priceMax ? lowest : `${lowest} – ${moneyText(language, priceMax, currency)}`;
}

/** When it opens, or since when it is open. */
export function openingText({ opensAt, state }: TicketEventInfo): string {
	const at = time.format(opensAt);
	return state === 'scheduled' ? tickets.opensAt(at) : tickets.openSince(at);
}

export const boughtText = (at: number): string => tickets.boughtAt(time.format(at));

/** How much is left, in words and as a bar. */
export function Stock({ info }: { readonly info: TicketEventInfo }) {
	const { free, capacity } = info;
	const text = tickets.left(free.toLocaleString(language), capacity.toLocaleString(language));
	return (
		<div class="stock">
			<span>{text}</span>
			<span class="stock-bar" aria-hidden="true">
				<span style={{ width: `${(100 * free) / Math.max(1, capacity)}%` }} />
			</span>
		</div>
	);
}
