import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Seat } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { ARROW_STEPS } from '../page/arrow-steps.ts';
import { pure } from '../page/pure.ts';
import { neighbour, rowEnd, type SeatLayout } from './seat-layout.ts';
import type { HallView } from './use-viewport.ts';

const { tickets } = texts;

/** A keyboard sees its seat from this size on. */
const KEYBOARD_SCALE = 18;
/** Of a hall of thousands these rows around the present seat are there for keyboards and readers. */
const ROWS_AROUND = 2;

/** The seat at which keyboards and readers are; what goes to it takes the focus along. */
export interface SeatFocus {
	/** By index; `undefined` as long as nobody has been at any. */
	readonly at: number | undefined;
	readonly goTo: (index: number) => void;
	/** Of the table that holds the seats. */
	readonly table: { current: HTMLTableElement | null };
}

export function useSeatFocus(): SeatFocus {
	const [at, setAt] = useState<number>();
	const table = useRef<HTMLTableElement>(null);
	const isWanted = useRef(false);
	const goTo = (index: number) => {
		isWanted.current = true;
		setAt(index);
		// The same seat again is not drawn again.
		if (index === at) focus();
	};
	const focus = () => {
		const seat = isWanted.current && table.current?.querySelector('button[tabindex="0"]');
		isWanted.current = false;
		if (seat instanceof HTMLElement) seat.focus({ preventScroll: true });
	};
	// Before the next key: Enter is meant for the seat that the arrow went to.
	useLayoutEffect(focus, [at]);
	return { at, goTo, table };
}

/** What keys other than Enter and Space do: those are a button's own. */
function keysOf({ at = 0, goTo }: SeatFocus, layout: SeatLayout, hall: HallView) {
	const go = (index: number) => {
		goTo(index);
		show(index, layout, hall);
	};
	const keys: Record<string, () => void> = {
		'+': hall.zoomIn,
		'=': hall.zoomIn,
		'-': hall.zoomOut,
		'0': hall.fitAll,
		Home: () => go(rowEnd(layout, at, 'first')),
		End: () => go(rowEnd(layout, at, 'last')),
	};
	for (const [key, step] of Object.entries(ARROW_STEPS))
		keys[key] = () => go(neighbour(layout, at, step));
	return keys;
}

/** Brings a seat before the eyes, large enough to be read. */
function show(index: number, { x, y }: SeatLayout, hall: HallView): void {
	if (hall.view.scale < KEYBOARD_SCALE) hall.zoomTo(() => KEYBOARD_SCALE);
	hall.reveal({ x: x[index] ?? 0, y: y[index] ?? 0 });
}

interface SeatGridProps {
	readonly layout: SeatLayout;
	readonly hall: HallView;
	readonly focus: SeatFocus;
	readonly seats: readonly Seat[];
	readonly mine: ReadonlySet<string>;
	readonly nameOf: (seat: Seat) => string;
	readonly choose: (index: number) => void;
}

interface SeatRowsProps extends Omit<SeatGridProps, 'hall' | 'focus'> {
	/** The seat in the order of the Tab key, by index. */
	readonly present: number;
	readonly enter: (index: number) => void;
}

/** The rows around the present seat, in units of the hall: what is seen of it does not matter here. */
const SeatRows = pure((props: SeatRowsProps) => {
	const { layout, seats, mine, present, nameOf, choose, enter } = props;
	const row = layout.rowOf[present] ?? 0;
	const first = Math.max(0, row - ROWS_AROUND);
	const rows = layout.rows.slice(first, row + ROWS_AROUND + 1);
	return (
		<tbody>
			{rows.map((one, n) => (
				<tr key={first + n} aria-rowindex={first + n + 1}>
					{one.seats.map((index) => {
						const seat = seats[index];
						if (seat === undefined) return null;
						const isMine = mine.has(seat.id);
						return (
							<td key={seat.id}>
								<button
									type="button"
									tabIndex={index === present ? 0 : -1}
									aria-label={nameOf(seat)}
									aria-pressed={isMine}
									aria-disabled={!isMine && seat.state !== 'free'}
									style={{ '--x': layout.x[index], '--y': layout.y[index] }}
									onFocus={() => enter(index)}
									onClick={() => choose(index)}
								/>
							</td>
						);
					})}
				</tr>
			))}
		</tbody>
	);
});

/**
 * The seats as buttons of a grid, above the drawing and clear as glass: one of them is in the order of
 * the Tab key, arrows go to the others. Each says its place, price and state.
 */
export function SeatGrid(props: SeatGridProps) {
	const { layout, hall, focus, seats, mine, nameOf, choose } = props;
	const latest = useRef(props);
	latest.current = props;
	const press = (event: KeyboardEvent) => {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		const act = keysOf(focus, layout, hall)[event.key];
		if (act === undefined) return;
		event.preventDefault();
		act();
	};
	const enter = useCallback((index: number) => {
		const now = latest.current;
		if (index === now.focus.at) return;
		now.focus.goTo(index);
		show(index, now.layout, now.hall);
	}, []);
	const { scale, x, y } = hall.view;
	return (
		<table
			ref={focus.table}
			class="seat-grid"
			// biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: ARIA in HTML lets a table be a grid.
			role="grid"
			aria-label={tickets.seatMap}
			aria-rowcount={layout.rows.length}
			style={{ '--seat': `${scale}px`, translate: `${x}px ${y}px` }}
			onKeyDown={press}
		>
			<SeatRows {...{ layout, seats, mine, nameOf, choose, enter }} present={focus.at ?? 0} />
		</table>
	);
}
