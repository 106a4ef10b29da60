import type { Seat } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { moneyText } from './money.ts';

const { tickets } = texts;

const STATES = [
	['held', tickets.legendHeld],
	['sold', tickets.legendSold],
	['mine', tickets.legendMine],
] as const;

/** The grades with their prices, cheapest last, in the order of the event. */
function gradesOf(seats: readonly Seat[]): readonly Seat[] {
	const known = new Map<string, Seat>();
	for (const seat of seats) if (!known.has(seat.grade)) known.set(seat.grade, seat);
	return [...known.values()];
}

/** What the shapes and colours mean. */
export function SeatLegend({ seats, currency }: { seats: readonly Seat[]; currency: string }) {
	return (
		<ul class="legend">
			{gradesOf(seats).map(({ grade, price }, at) => (
				<li key={grade}>
					<i class="seat-sign free" style={{ '--grade': `var(--seat-grade-${(at % 6) + 1})` }} />
					<b>{grade}</b> {moneyText(language, price, currency)}
				</li>
			))}
			{STATES.map(([state, text]) => (
				<li key={state}>
					<i class={`seat-sign ${state}`} />
					{text}
				</li>
			))}
		</ul>
	);
}
