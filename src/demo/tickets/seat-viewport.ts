/** A finger needs seats of this size to choose one of them. */
export const TOUCH_SCALE = 30;
const SCALE_MAX = 56;
/** A hall never gets smaller than the window it is seen through; tiny halls do not fill a large one. */
const FIT_SCALE_MAX = 34;

export interface Size {
	readonly width: number;
	readonly height: number;
}

export interface Point {
	readonly x: number;
	readonly y: number;
}

/** Which part of a hall is seen: `scale` pixels a unit, its corner at `x`, `y` pixels. */
export interface Viewport extends Point {
	readonly scale: number;
}

/** All of the hall, in the middle of the window. */
export function whole(hall: Size, window: Size): Viewport {
	const scale = Math.min(
		FIT_SCALE_MAX,
		window.width / Math.max(1, hall.width),
		window.height / Math.max(1, hall.height),
	);
	return keepIn({ scale, x: 0, y: 0 }, hall, window);
}

/** No emptiness beside a hall that is larger than the window; a smaller one stays in its middle. */
export function keepIn({ scale, x, y }: Viewport, hall: Size, window: Size): Viewport {
	const along = (offset: number, inner: number, outer: number) =>
		inner <= outer ? (outer - inner) / 2 : Math.min(0, Math.max(outer - inner, offset));
	return {
		scale,
		x: along(x, hall.width * scale, window.width),
		y: along(y, hall.height * scale, window.height),
	};
}

export interface Zoom {
	readonly hall: Size;
	readonly window: Size;
	/** Stays where it is, in pixels of the window. */
	readonly around: Point;
	readonly scale: number;
}

/** Closer or farther; never farther than all of it. */
export function zoomed(view: Viewport, { hall, window, around, scale }: Zoom): Viewport {
	const bounded = Math.min(SCALE_MAX, Math.max(whole(hall, window).scale, scale));
	const by = bounded / view.scale;
	const x = around.x - (around.x - view.x) * by;
	const y = around.y - (around.y - view.y) * by;
	return keepIn({ scale: bounded, x, y }, hall, window);
}

/** A place in the hall by a place in the window. */
export const unitsAt = ({ scale, x, y }: Viewport, point: Point): Point => ({
	x: (point.x - x) / scale,
	y: (point.y - y) / scale,
});

/** Moved as far as needed to see a place of the hall. */
export function revealing(view: Viewport, place: Point, bounds: { hall: Size; window: Size }) {
	const { hall, window } = bounds;
	const margin = view.scale * 1.5;
	const along = (offset: number, at: number, outer: number) => {
		const seen = at * view.scale + offset;
		if (seen < margin) return offset + margin - seen;
		return seen > outer - margin ? offset - (seen - outer + margin) : offset;
	};
	const x = along(view.x, place.x, window.width);
	const y = along(view.y, place.y, window.height);
	return keepIn({ scale: view.scale, x, y }, hall, window);
}
