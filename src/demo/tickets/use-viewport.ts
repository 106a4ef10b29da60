import { useCallback, useEffect, useState } from 'preact/hooks';
import {
	keepIn,
	type Point,
	revealing,
	type Size,
	type Viewport,
	whole,
	zoomed,
} from './seat-viewport.ts';

/** How much closer a step of the zoom comes. */
const CLOSER = 1.4;

export interface HallView {
	readonly view: Viewport;
	readonly window: Size;
	readonly pan: (dx: number, dy: number) => void;
	/** `around`: in the window; its middle if absent. */
	readonly zoomTo: (scale: (now: number) => number, around?: Point) => void;
	/** By one step, around the middle. */
	readonly zoomIn: () => void;
	readonly zoomOut: () => void;
	readonly fitAll: () => void;
	readonly reveal: (place: Point) => void;
}

/** What an element shows of a hall: all of it at first, and again when the element changes its size. */
export function useViewport(element: HTMLElement | null, hall: Size): HallView {
	const [window, setWindow] = useState<Size>({ width: 0, height: 0 });
	const [view, setView] = useState<Viewport>({ scale: 1, x: 0, y: 0 });
	const { width, height } = hall;

	useEffect(() => {
		if (element === null) return;
		const measure = () => {
			const size = { width: element.clientWidth, height: element.clientHeight };
			setWindow(size);
			setView(whole({ width, height }, size));
		};
		const observer = new ResizeObserver(measure);
		observer.observe(element);
		measure();
		return () => observer.disconnect();
	}, [element, width, height]);

	const pan = useCallback(
		(dx: number, dy: number) =>
			setView((now) => keepIn({ ...now, x: now.x + dx, y: now.y + dy }, { width, height }, window)),
		[width, height, window],
	);
	const zoomTo = useCallback(
		(scale: (now: number) => number, around?: Point) =>
			setView((now) =>
				zoomed(now, {
					hall: { width, height },
					window,
					around: around ?? { x: window.width / 2, y: window.height / 2 },
					scale: scale(now.scale),
				}),
			),
		[width, height, window],
	);
	const zoomIn = useCallback(() => zoomTo((scale) => scale * CLOSER), [zoomTo]);
	const zoomOut = useCallback(() => zoomTo((scale) => scale / CLOSER), [zoomTo]);
	const fitAll = useCallback(
		() => setView(whole({ width, height }, window)),
		[width, height, window],
	);
	const reveal = useCallback(
		(place: Point) => setView((now) => revealing(now, place, { hall: { width, height }, window })),
		[width, height, window],
	);
	return { view, window, pan, zoomTo, zoomIn, zoomOut, fitAll, reveal };
}
