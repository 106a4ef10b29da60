import { useEffect } from 'preact/hooks';
import { language, texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { waitText } from './durations.ts';
import { firstPlace, forgetFirstPlace, progressOf } from './first-place.ts';
import type { ScreenProps } from './screen-props.ts';
import { SureButton } from './sure-button.tsx';
import { notifyTicket } from './ticket-notices.ts';

const { tickets } = texts;

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>{value}</dd>
		</div>
	);
}

/** In the queue: how many are ahead, how long it takes, and that one may go away. */
export function WaitingScreen({ event, me, sale }: ScreenProps) {
	const place = me.place ?? 0;
	const { waitSeconds } = me;
	// The first tick of a sale is from before anybody came.
	const waiting = Math.max(sale.waiting, place + 1);
	const progress = progressOf(firstPlace(event.id, place), place);
	const wait =
		waitSeconds === undefined
			? tickets.waitUnknown
			: tickets.waitAbout(waitText(language, waitSeconds));
	useEffect(() => () => forgetWhenThrough(event), [event]);
	return (
		<div class="tickets-body narrow">
			<section class="hero" data-screen="waiting">
				<p class="hero-number" data-place={place}>
					{place === 0 ? <Icon name="clock" /> : place.toLocaleString(language)}
				</p>
				<p class="hero-label">{place === 0 ? tickets.youAreNext : tickets.peopleAhead}</p>
				<progress class="wait-bar" max={1} value={progress} aria-label={tickets.estimate} />
				<dl class="figures">
					<Figure name={tickets.estimate} value={wait} />
					<Figure name={tickets.inQueue} value={waiting.toLocaleString(language)} />
					<Figure name={tickets.inside} value={sale.active.toLocaleString(language)} />
				</dl>
				{sale.state === 'paused' && <p class="note">{tickets.restsNow}</p>}
			</section>
			<p class="keep-place">
				<Icon name="check" />
				{tickets.keepPlace}
			</p>
			<SureButton
				text={tickets.leaveQueue}
				sure={tickets.leaveSure}
				act={() => void event.leave().catch(notifyTicket)}
			/>
		</div>
	);
}

/** Another wait begins its bar anew. */
function forgetWhenThrough({ id, me }: ScreenProps['event']): void {
	if (me !== undefined && me.phase !== 'waiting') forgetFirstPlace(id);
}

/** The turn is taken by the server as soon as it knows that one is there. */
export function TurnScreen() {
	return (
		<div class="tickets-body narrow">
			<section class="hero" data-screen="turn">
				<p class="hero-number">
					<span class="spinner" aria-hidden="true" />
				</p>
				<p class="hero-label">{tickets.yourTurn}</p>
				<p class="hero-hint">{tickets.lettingIn}</p>
			</section>
		</div>
	);
}
