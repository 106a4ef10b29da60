import { useEffect } from 'preact/hooks';
import type { Sale, Standing, TicketEvent } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { clockText } from './durations.ts';
import { openingText, priceText, Stock } from './event-facts.tsx';
import type { ScreenProps } from './screen-props.ts';
import { useOneAtATime } from './use-one-at-a-time.ts';
import { useServerSeconds } from './use-server-clock.ts';

const { tickets } = texts;

const ENDED_TEXTS = {
	left: tickets.endedLeft,
	turnMissed: tickets.endedTurn,
	pickExpired: tickets.endedPick,
	payExpired: tickets.endedPay,
} as const;

/** What there is to know of a sale before one is in. */
function Facts({ sale }: { readonly sale: Sale }) {
	return (
		<div class="facts-card">
			<p>{openingText(sale)}</p>
			<p>
				{priceText(sale)} · {tickets.perPerson(sale.maxPerUser)}
			</p>
			<Stock info={sale} />
		</div>
	);
}

/** The time until the opening; the SDK enters by itself when it has come. */
function Opening({ event, sale }: { readonly event: TicketEvent; readonly sale: Sale }) {
	const seconds = useServerSeconds(sale.opensAt);
	useEffect(() => {
		// However that ends, the standing tells it.
		event.enter().catch(() => {});
	}, [event]);
	return (
		<section class="hero" data-screen="countdown">
			<p class="hero-label">{seconds > 0 ? tickets.opensIn : tickets.opensNow}</p>
			<p class="hero-number" role="timer">
				{clockText(seconds)}
			</p>
			<p class="hero-hint">{tickets.entersItself}</p>
		</section>
	);
}

/** The way in, while the sale is on. */
function Entrance({ event, me, sale }: Omit<ScreenProps, 'seats'>) {
	const { isBusy, run } = useOneAtATime();
	const { waiting } = sale;
	return (
		<section class="hero" data-screen="entrance">
			<EndedNote me={me} />
			{sale.state === 'paused' ? (
				<p class="note">{tickets.restsNow}</p>
			) : (
				<p class="hero-label">{tickets.saleIsOn}</p>
			)}
			<p class="hero-hint">
				{waiting === 0 ? tickets.nobodyWaits : tickets.waitingNow(waiting.toLocaleString(language))}
			</p>
			<button
				type="button"
				class="primary large"
				disabled={isBusy}
				onClick={() => run(() => event.enter())}
			>
				{entranceText(me)}
			</button>
		</section>
	);
}

function entranceText({ ended }: Standing): string {
	if (ended === undefined) return tickets.join;
	return ended === 'turnMissed' ? tickets.comeBack : tickets.joinAgain;
}

/** Why one is outside again. */
export function EndedNote({ me }: { readonly me: Standing }) {
	if (me.ended === undefined) return null;
	return (
		<p class="note" role="status" data-ended={me.ended}>
			{ENDED_TEXTS[me.ended]}
		</p>
	);
}

/** Outside: before the opening, or not in the queue. */
export function BeforeScreen({ event, me, sale }: ScreenProps) {
	return (
		<div class="tickets-body narrow">
			{sale.state === 'scheduled' ? (
				<Opening event={event} sale={sale} />
			) : (
				<Entrance event={event} me={me} sale={sale} />
			)}
			<Facts sale={sale} />
		</div>
	);
}
