import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { eventsHref, myTicketsHref } from '../route.ts';
import { EndedNote } from './before-screen.tsx';
import type { ScreenProps } from './screen-props.ts';

const { tickets } = texts;

/** Nothing to wait for any more. */
export function OverScreen({ me }: ScreenProps) {
	const isSoldOut = me.phase === 'soldOut';
	return (
		<div class="tickets-body narrow">
			<section class="hero over" data-screen={me.phase}>
				<p class="hero-number">
					<Icon name="ticket" />
				</p>
				<p class="hero-label">{isSoldOut ? tickets.soldOutTitle : tickets.closedTitle}</p>
				<EndedNote me={me} />
				<p class="hero-hint">{isSoldOut ? tickets.soldOutHint : tickets.closedHint}</p>
				<p class="hero-links">
					<a class="plain" href={eventsHref}>
						{tickets.allEvents}
					</a>
					<a class="plain" href={myTicketsHref}>
						{tickets.myTickets}
					</a>
				</p>
			</section>
		</div>
	);
}
