import { useEffect, useMemo, useRef } from 'preact/hooks';
import { language, texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { eventsHref, myTicketsHref } from '../route.ts';
import { BeforeScreen } from './before-screen.tsx';
import { DoneScreen } from './done-screen.tsx';
import { StateBadge } from './event-facts.tsx';
import { OverScreen } from './over-screen.tsx';
import { PayingScreen } from './paying-screen.tsx';
import { PickingScreen } from './picking-screen.tsx';
import type { ScreenProps } from './screen-props.ts';
import { type ShownEvent, useEvent } from './use-event.ts';
import { TurnScreen, WaitingScreen } from './waiting-screen.tsx';

const { tickets } = texts;

/** One screen for each phase of a visit. */
function Screen({ shown }: { readonly shown: ScreenProps }) {
	switch (shown.me.phase) {
		case 'before':
			return <BeforeScreen {...shown} />;
		case 'waiting':
			return <WaitingScreen {...shown} />;
		case 'turn':
			return <TurnScreen />;
		case 'inside':
			return <PickingScreen {...shown} />;
		case 'paying':
			return <PayingScreen {...shown} />;
		case 'done':
			return <DoneScreen {...shown} />;
		case 'soldOut':
		case 'closed':
			return <OverScreen {...shown} />;
	}
}

function Failed({ code, again }: { readonly code: string; readonly again: () => void }) {
	return (
		<div class="empty">
			<p>{code === 'NOT_FOUND' ? tickets.notThere : (texts.errors[code] ?? texts.errorOther)}</p>
			<button type="button" class="plain" onClick={again}>
				{tickets.tryAgain}
			</button>
		</div>
	);
}

function Content({ shown }: { readonly shown: ShownEvent }) {
	const { me, sale, event, seats, failed, again } = shown;
	if (failed !== undefined) return <Failed code={failed} again={again} />;
	if (me === undefined || sale === undefined) return <p class="empty">{texts.loading}</p>;
	return <Screen shown={{ me, sale, event, seats }} />;
}

/** What the tab says: also to who looks at another one. */
function titleOf({ me, sale }: ShownEvent): string {
	const name = sale?.title ?? tickets.tickets;
	if (me?.phase === 'turn' || me?.phase === 'inside') return `${tickets.turnShort} ${name}`;
	return `${name} · ${texts.appName}`;
}

/** What a new screen is about, for who does not see it come. */
function screenText({ me, sale }: ShownEvent): string {
	if (me === undefined || sale === undefined) return '';
	switch (me.phase) {
		case 'before':
			return sale.state === 'open' ? tickets.saleIsOn : '';
		case 'waiting':
			return me.place ? tickets.placeShort(me.place.toLocaleString(language)) : tickets.youAreNext;
		case 'turn':
			return tickets.yourTurn;
		case 'inside':
			return `${tickets.yourTurn}. ${(sale.seated ? tickets.pickSeats : tickets.pickCount)(sale.maxPerUser)}`;
		case 'paying':
			return tickets.yourOrder;
		case 'done':
			return me.order?.status === 'refunded' ? tickets.refundedOrder : tickets.paid;
		case 'soldOut':
			return tickets.soldOutTitle;
		case 'closed':
			return tickets.closedTitle;
	}
}

/**
 * Says each new screen once, and what becomes of the sale and the order on it; takes the focus along when
 * what had it is gone.
 */
function useScreenChange(
	shown: ShownEvent,
	main: { readonly current: HTMLElement | null },
): string {
	const phase = shown.me?.phase;
	useEffect(() => {
		if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
	}, [phase]);
	return useMemo(() => screenText(shown), [phase, shown.sale?.state, shown.me?.order?.status]);
}

/** One sale of tickets, from the countdown to the code for the door. */
export function EventView({ id }: { readonly id: string }) {
	const shown = useEvent(id);
	const { me, sale } = shown;
	const main = useRef<HTMLElement>(null);
	const news = useScreenChange(shown, main);
	const title = titleOf(shown);
	useEffect(() => {
		document.title = title;
	}, [title]);
	return (
		<main class="tickets" data-event={id} data-phase={me?.phase} ref={main} tabIndex={-1}>
			<p class="hidden" role="status">
				{news}
			</p>
			<header class="bar">
				<a class="round back-always" href={eventsHref} aria-label={tickets.allEvents}>
					<Icon name="back" />
				</a>
				<div class="bar-texts">
					<h1>{sale?.title ?? tickets.tickets}</h1>
				</div>
				{sale && <StateBadge state={sale.state} />}
				<a class="round" href={myTicketsHref} aria-label={tickets.myTickets}>
					<Icon name="ticket" />
				</a>
			</header>
			<Content shown={shown} />
		</main>
	);
}
