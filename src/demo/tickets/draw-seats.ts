import type { Seat } from '../../../client-sdk/src/index.ts';
import { type SeatLayout, seatNumber } from './seat-layout.ts';
import type { Size, Viewport } from './seat-viewport.ts';

/** Of a seat's distance to the next. */
const SEAT_SIZE = 0.8;
/** Numbers can be read from this size on, and shapes from that. */
const NUMBERS_FROM_PX = 20;
const SHAPES_FROM_PX = 6;

/** Colours of the page, light or dark. */
export interface SeatColours {
	readonly grades: readonly string[];
	readonly onGrade: string;
	readonly held: string;
	readonly sold: string;
	readonly mine: string;
	readonly onMine: string;
	readonly text: string;
	readonly stage: string;
	readonly focus: string;
	readonly font: string;
}

export interface SeatPicture {
	readonly layout: SeatLayout;
	readonly seats: readonly Seat[];
	readonly mine: ReadonlySet<string>;
	/** The seat that the keyboard is at, by index. */
	readonly focused: number | undefined;
	readonly view: Viewport;
	readonly window: Size;
	readonly colours: SeatColours;
	readonly stageText: string;
}

type Shape = 'free' | 'held' | 'sold' | 'mine';

interface Brush {
	readonly context: CanvasRenderingContext2D;
	readonly picture: SeatPicture;
	/** Edge of a seat in pixels. */
	readonly size: number;
}

/** Seats that are seen, by how they are drawn: a few paths instead of thousands. */
function visibleSeats({ layout, seats, mine, view, window }: SeatPicture) {
	const groups = new Map<string, { shape: Shape; grade: number; seats: number[] }>();
	const { scale } = view;
	const gradeOf = new Map(layout.grades.map((grade, at) => [grade, at]));
	for (const [index, seat] of seats.entries()) {
		const x = (layout.x[index] ?? 0) * scale + view.x;
		const y = (layout.y[index] ?? 0) * scale + view.y;
		if (x < -scale || y < -scale || x > window.width + scale || y > window.height + scale) continue;
		const shape = mine.has(seat.id) ? 'mine' : seat.state;
		const grade = shape === 'free' ? (gradeOf.get(seat.grade) ?? 0) : 0;
		const key = `${shape} ${grade}`;
		const group = groups.get(key) ?? { shape, grade, seats: [] };
		if (group.seats.length === 0) groups.set(key, group);
		group.seats.push(index);
	}
	return [...groups.values()];
}

/** A free seat is full, a held one an outline with a dot, a sold one a cross, the own one round. */
function addShape(path: Path2D, shape: Shape, at: { x: number; y: number; size: number }): void {
	const { x, y, size } = at;
	const half = size / 2;
	if (shape === 'free' || (shape === 'held' && size < SHAPES_FROM_PX)) {
		path.roundRect(x - half, y - half, size, size, size * 0.26);
	} else if (shape === 'mine') {
		path.moveTo(x + half * 1.18, y);
		path.arc(x, y, half * 1.18, 0, 2 * Math.PI);
	} else if (shape === 'held') {
		const inset = half * 0.84;
		path.roundRect(x - inset, y - inset, inset * 2, inset * 2, size * 0.22);
		path.moveTo(x + half * 0.2, y);
		path.arc(x, y, half * 0.2, 0, 2 * Math.PI);
	} else {
		const arm = half * 0.42;
		path.moveTo(x - arm, y - arm);
		path.lineTo(x + arm, y + arm);
		path.moveTo(x + arm, y - arm);
		path.lineTo(x - arm, y + arm);
	}
}

/** Seats of one look. */
interface Look {
	readonly shape: Shape;
	readonly grade: number;
}

function paint({ context, picture, size }: Brush, path: Path2D, { shape, grade }: Look): void {
	const { colours } = picture;
	if (shape === 'free' || shape === 'mine') {
		const { grades, mine } = colours;
		context.fillStyle = shape === 'mine' ? mine : (grades[grade % grades.length] ?? mine);
		context.fill(path);
	} else if (shape === 'held' && size < SHAPES_FROM_PX) {
		context.fillStyle = colours.held;
		context.fill(path);
	} else {
		context.strokeStyle = shape === 'held' ? colours.held : colours.sold;
		context.lineWidth = Math.max(1, size * (shape === 'held' ? 0.09 : 0.1));
		context.stroke(path);
	}
}

function drawChecks({ context, picture, size }: Brush, seats: readonly number[]): void {
	const { layout, view, colours } = picture;
	const path = new Path2D();
	const arm = size * 0.24;
	for (const index of seats) {
		const x = (layout.x[index] ?? 0) * view.scale + view.x;
		const y = (layout.y[index] ?? 0) * view.scale + view.y;
		path.moveTo(x - arm, y + arm * 0.1);
		path.lineTo(x - arm * 0.2, y + arm * 0.8);
		path.lineTo(x + arm * 1.05, y - arm * 0.75);
	}
	context.strokeStyle = colours.onMine;
	context.lineWidth = Math.max(1.2, size * 0.12);
	context.lineCap = 'round';
	context.stroke(path);
}

function drawNumbers({ context, picture, size }: Brush, indexes: readonly number[]): void {
	const { layout, view, colours, seats } = picture;
	context.font = `600 ${Math.round(size * 0.42)}px ${colours.font}`;
	context.fillStyle = colours.onGrade;
	for (const index of indexes) {
		const x = (layout.x[index] ?? 0) * view.scale + view.x;
		const y = (layout.y[index] ?? 0) * view.scale + view.y;
		context.fillText(seatNumber(seats[index]?.id ?? ''), x, y + size * 0.03);
	}
}

function drawRowNames({ context, picture, size }: Brush): void {
	const { layout, view, colours } = picture;
	if (size < SHAPES_FROM_PX + 2) return;
	context.font = `600 ${Math.min(13, Math.round(size * 0.6))}px ${colours.font}`;
	context.fillStyle = colours.text;
	for (const { name, seats } of layout.rows) {
		const first = seats[0];
		if (name === '' || first === undefined) continue;
		const x = ((layout.x[first] ?? 0) - 1) * view.scale + view.x;
		context.fillText(name, x, (layout.y[first] ?? 0) * view.scale + view.y);
	}
}

function drawStage({ context, picture }: Brush): void {
	const { layout, view, colours, stageText } = picture;
	const width = Math.min(layout.width * 0.62, 26) * view.scale;
	const height = Math.max(14, 1.1 * view.scale);
	const x = (layout.width / 2) * view.scale + view.x;
	const y = 0.35 * view.scale + view.y;
	context.fillStyle = colours.stage;
	context.beginPath();
	context.roundRect(x - width / 2, y, width, height, [4, 4, height * 0.7, height * 0.7]);
	context.fill();
	context.font = `700 ${Math.round(Math.min(14, Math.max(9, height * 0.5)))}px ${colours.font}`;
	context.fillStyle = colours.text;
	context.fillText(stageText, x, y + height / 2);
}

function drawFocus({ context, picture, size }: Brush): void {
	const { focused, layout, view, colours } = picture;
	if (focused === undefined) return;
	const half = Math.max(size * 0.72, 7);
	const x = (layout.x[focused] ?? 0) * view.scale + view.x;
	const y = (layout.y[focused] ?? 0) * view.scale + view.y;
	context.strokeStyle = colours.focus;
	context.lineWidth = 2.5;
	context.beginPath();
	context.roundRect(x - half, y - half, half * 2, half * 2, half * 0.5);
	context.stroke();
}

/** Draws the hall as it stands now. */
export function drawSeats(context: CanvasRenderingContext2D, picture: SeatPicture): void {
	const { window, view, layout } = picture;
	context.clearRect(0, 0, window.width, window.height);
	context.textAlign = 'center';
	context.textBaseline = 'middle';
	const size = view.scale * SEAT_SIZE;
	const brush: Brush = { context, picture, size };
	drawStage(brush);
	drawRowNames(brush);
	for (const { shape, grade, seats } of visibleSeats(picture)) {
		const path = new Path2D();
		for (const index of seats) {
			const x = (layout.x[index] ?? 0) * view.scale + view.x;
			const y = (layout.y[index] ?? 0) * view.scale + view.y;
			addShape(path, shape, { x, y, size });
		}
		paint(brush, path, { shape, grade });
		if (shape === 'mine' && size >= SHAPES_FROM_PX) drawChecks(brush, seats);
		if (shape === 'free' && size >= NUMBERS_FROM_PX) drawNumbers(brush, seats);
	}
	drawFocus(brush);
}
