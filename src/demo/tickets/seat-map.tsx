import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Seat } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { Icon, type IconName } from '../page/icon.tsx';
import { drawSeats } from './draw-seats.ts';
import { moneyText } from './money.ts';
import { useSeatColours } from './seat-colours.ts';
import { SeatGrid, useSeatFocus } from './seat-grid.tsx';
import { layoutSeats, type SeatLayout, seatAt } from './seat-layout.ts';
import { type Point, TOUCH_SCALE, unitsAt } from './seat-viewport.ts';
import { useGestures } from './use-gestures.ts';
import { type HallView, useViewport } from './use-viewport.ts';

const { tickets } = texts;

export interface SeatMapProps {
	readonly seats: readonly Seat[];
	readonly mine: ReadonlySet<string>;
	readonly currency: string;
	readonly choose: (seat: Seat) => void;
}

/** Where the seats are: it does not change while their states do. */
export function useSeatLayout(seats: readonly Seat[]): SeatLayout {
	const first = seats[0]?.id;
	return useMemo(() => layoutSeats(seats), [seats.length, first]);
}

/** What a seat is: the name of its button, and the line below the map. */
function seatText(seat: Seat, { mine, currency }: Pick<SeatMapProps, 'mine' | 'currency'>): string {
	const state = mine.has(seat.id) ? tickets.mine : tickets[seat.state];
	const price = moneyText(language, seat.price, currency);
	return `${tickets.seat(seat.id)} · ${seat.grade} · ${price} · ${state}`;
}

/** Draws as often as the screen shows pictures, and only when something is new. */
function useDrawing(canvas: HTMLCanvasElement | null, picture: Parameters<typeof drawSeats>[1]) {
	useEffect(() => {
		const context = canvas?.getContext('2d');
		const { width, height } = picture.window;
		if (!(canvas && context) || width === 0) return;
		const frame = requestAnimationFrame(() => {
			const ratio = devicePixelRatio;
			const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
			if (canvas.width !== across) canvas.width = across;
			if (canvas.height !== down) canvas.height = down;
			context.setTransform(ratio, 0, 0, ratio, 0, 0);
			drawSeats(context, picture);
		});
		return () => cancelAnimationFrame(frame);
	});
}

/** What was just taken is seen, wherever one looks. */
function useReveal(
	hall: HallView,
	layout: SeatLayout,
	{ seats, mine }: Pick<SeatMapProps, 'seats' | 'mine'>,
): void {
	const newest = [...mine].at(-1);
	useEffect(() => {
		const index = seats.findIndex(({ id }) => id === newest);
		if (index >= 0) hall.reveal({ x: layout.x[index] ?? 0, y: layout.y[index] ?? 0 });
	}, [newest]);
}

function ZoomButtons({ hall }: { readonly hall: HallView }) {
	const buttons: readonly [IconName, string, () => void][] = [
		['plus', tickets.zoomIn, hall.zoomIn],
		['minus', tickets.zoomOut, hall.zoomOut],
		['expand', tickets.zoomFit, hall.fitAll],
	];
	return (
		<div class="zoom-buttons">
			{buttons.map(([icon, text, act]) => (
				<button key={icon} type="button" class="round" aria-label={text} title={text} onClick={act}>
					<Icon name={icon} />
				</button>
			))}
		</div>
	);
}

const NO_COLOURS = {
	...{ grades: ['gray'], onGrade: '', held: '', sold: '', mine: '', onMine: '' },
	...{ text: '', stage: '', focus: '', font: 'sans-serif' },
};

/**
 * The hall, live: drawn on a canvas, so that thousands of seats stay smooth. Fingers drag and pinch, a
 * tap from afar comes closer first. Above it the seats are buttons, for keyboards and screen readers.
 */
export function SeatMap(props: SeatMapProps) {
	const { seats, mine, currency, choose } = props;
	const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
	const place = useRef<HTMLDivElement>(null);
	const layout = useSeatLayout(seats);
	const hall = useViewport(place.current ?? canvas?.parentElement ?? null, layout);
	const colours = useSeatColours(canvas) ?? NO_COLOURS;
	const chooseAt = useCallback(
		(index: number) => {
			const seat = seats[index];
			if (seat) choose(seat);
		},
		[seats, choose],
	);
	const nameOf = useCallback((seat: Seat) => seatText(seat, { mine, currency }), [mine, currency]);
	const focus = useSeatFocus();
	const focused = focus.at;
	const tap = (at: Point, isTouch: boolean) => {
		if (isTouch && hall.view.scale < TOUCH_SCALE * 0.75) {
			hall.zoomTo(() => TOUCH_SCALE, at);
			return;
		}
		const index = seatAt(layout, unitsAt(hall.view, at));
		if (index === undefined) return;
		focus.goTo(index);
		chooseAt(index);
	};
	useGestures(canvas, hall, tap);
	const { view, window } = hall;
	const stageText = tickets.stage;
	useDrawing(canvas, { layout, seats, mine, focused, view, window, colours, stageText });
	useReveal(hall, layout, { seats, mine });
	const seat = focused === undefined ? undefined : seats[focused];

	return (
		<div class="seat-map" data-scale={view.scale.toFixed(2)}>
			<div class="seat-field" ref={place}>
				<canvas ref={setCanvas} />
				<SeatGrid {...{ layout, hall, focus, seats, mine, nameOf }} choose={chooseAt} />
			</div>
			<div class="seat-foot">
				{/* The button of the seat says the same. */}
				<p class="seat-line" aria-hidden="true">
					{seat && nameOf(seat)}
				</p>
				<ZoomButtons hall={hall} />
			</div>
		</div>
	);
}
