import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Seat } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { Icon, type IconName } from '../page/icon.tsx';
import { drawSeats } from './draw-seats.ts';
import { moneyText } from './money.ts';
import { useSeatColours } from './seat-colours.ts';
import { layoutSeats, neighbour, type SeatLayout, seatAt } from './seat-layout.ts';
import { type Point, TOUCH_SCALE, unitsAt } from './seat-viewport.ts';
import { useGestures } from './use-gestures.ts';
import { type HallView, useViewport } from './use-viewport.ts';

const { tickets } = texts;

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
	ArrowUp: [0, -1],
	ArrowDown: [0, 1],
};
const CLOSER = 1.4;
/** A keyboard sees its seat from this size on. */
const KEYBOARD_SCALE = 18;

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

/** What a seat is, for the line below the map and for who does not see it. */
function seatText(seat: Seat, { mine, currency }: SeatMapProps): string {
	const state = mine.has(seat.id) ? tickets.mine : tickets[seat.state];
	const price = moneyText(language, seat.price, currency);
	return `${tickets.seat(seat.id)} · ${seat.grade} · ${price} · ${state}`;
}

/** Moves by keys; answers whether the key was one of them. */
function useKeys(layout: SeatLayout, hall: HallView, choose: (index: number) => void) {
	const [focused, setFocused] = useState<number>();
	const goTo = (index: number) => {
		setFocused(index);
		const place = { x: layout.x[index] ?? 0, y: layout.y[index] ?? 0 };
		if (hall.view.scale < KEYBOARD_SCALE) hall.zoomTo(() => KEYBOARD_SCALE);
		hall.reveal(place);
	};
	const keys: Readonly<Record<string, () => void>> = {
		'+': () => hall.zoomTo((scale) => scale * CLOSER),
		'=': () => hall.zoomTo((scale) => scale * CLOSER),
		'-': () => hall.zoomTo((scale) => scale / CLOSER),
		'0': hall.fitAll,
		Enter: () => focused !== undefined && choose(focused),
		' ': () => focused !== undefined && choose(focused),
	};
	const act = (key: string): boolean => {
		const step = STEPS[key];
		if (step) goTo(focused === undefined ? 0 : neighbour(layout, focused, step));
		else keys[key]?.();
		return step !== undefined || keys[key] !== undefined;
	};
	return { focused, setFocused, act };
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
		['plus', tickets.zoomIn, () => hall.zoomTo((scale) => scale * CLOSER)],
		['minus', tickets.zoomOut, () => hall.zoomTo((scale) => scale / CLOSER)],
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
 * tap from afar comes closer first; arrows, Enter, plus and minus do the same.
 */
export function SeatMap(props: SeatMapProps) {
	const { seats, mine, choose } = props;
	const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
	const place = useRef<HTMLDivElement>(null);
	const layout = useSeatLayout(seats);
	const hall = useViewport(place.current ?? canvas?.parentElement ?? null, layout);
	const colours = useSeatColours(canvas) ?? NO_COLOURS;
	const chooseAt = (index: number) => {
		const seat = seats[index];
		if (seat) choose(seat);
	};
	const { focused, setFocused, act } = useKeys(layout, hall, chooseAt);
	const tap = (at: Point, isTouch: boolean) => {
		if (isTouch && hall.view.scale < TOUCH_SCALE * 0.75) {
			hall.zoomTo(() => TOUCH_SCALE, at);
			return;
		}
		const index = seatAt(layout, unitsAt(hall.view, at));
		if (index === undefined) return;
		setFocused(index);
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
			<div
				class="seat-field"
				ref={place}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move over the seats.
				tabIndex={0}
				role="application"
				aria-label={tickets.seatMap}
				aria-describedby="seat-line"
				onKeyDown={(event) => {
					if (!event.ctrlKey && !event.metaKey && act(event.key)) event.preventDefault();
				}}
			>
				<canvas ref={setCanvas} />
			</div>
			<div class="seat-foot">
				<p class="seat-line" id="seat-line" role="status">
					{seat && seatText(seat, props)}
				</p>
				<ZoomButtons hall={hall} />
			</div>
		</div>
	);
}
