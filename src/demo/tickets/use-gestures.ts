import { useEffect, useRef } from 'preact/hooks';
import type { Point } from './seat-viewport.ts';
import type { HallView } from './use-viewport.ts';

/** A finger that moves less has tapped. */
const TAP_PX = 9;
const WHEEL = 0.0016;

const middle = (one: Point, other: Point): Point => ({
	x: (one.x + other.x) / 2,
	y: (one.y + other.y) / 2,
});
const distance = (one: Point, other: Point) => Math.hypot(one.x - other.x, one.y - other.y);

/** Drags, pinches, turns of the wheel and taps on an element. */
export function useGestures(
	element: HTMLElement | null,
	hall: HallView,
	tap: (at: Point, isTouch: boolean) => void,
): void {
	const latest = useRef({ hall, tap });
	latest.current = { hall, tap };
	useEffect(() => {
		if (element === null) return;
		return listen(element, latest);
	}, [element]);
}

interface Latest {
	readonly current: {
		readonly hall: HallView;
		readonly tap: (at: Point, isTouch: boolean) => void;
	};
}

function listen(element: HTMLElement, latest: Latest): () => void {
	const fingers = new Map<number, Point>();
	/** How far the only finger has moved; two fingers never tap. */
	let moved = 0;
	const placeOf = ({ clientX, clientY }: MouseEvent): Point => {
		const { left, top } = element.getBoundingClientRect();
		return { x: clientX - left, y: clientY - top };
	};

	const down = (event: PointerEvent) => {
		element.setPointerCapture(event.pointerId);
		fingers.set(event.pointerId, placeOf(event));
		moved = fingers.size === 1 ? 0 : Number.POSITIVE_INFINITY;
	};
	const move = (event: PointerEvent) => {
		const before = fingers.get(event.pointerId);
		if (before === undefined) return;
		const now = placeOf(event);
		const { hall } = latest.current;
		const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
		fingers.set(event.pointerId, now);
		if (other !== undefined) {
			const by = distance(now, other) / Math.max(1, distance(before, other));
			hall.zoomTo((scale) => scale * by, middle(now, other));
			hall.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
			return;
		}
		moved += distance(before, now);
		if (moved > TAP_PX) hall.pan(now.x - before.x, now.y - before.y);
	};
	const up = (event: PointerEvent) => {
		if (!fingers.delete(event.pointerId)) return;
		if (fingers.size > 0 || moved > TAP_PX || event.type === 'pointercancel') return;
		latest.current.tap(placeOf(event), event.pointerType === 'touch');
	};
	const wheel = (event: WheelEvent) => {
		event.preventDefault();
		latest.current.hall.zoomTo((scale) => scale * Math.exp(-event.deltaY * WHEEL), placeOf(event));
	};

	element.addEventListener('pointerdown', down);
	element.addEventListener('pointermove', move);
	element.addEventListener('pointerup', up);
	element.addEventListener('pointercancel', up);
	element.addEventListener('wheel', wheel, { passive: false });
	return () => {
		element.removeEventListener('pointerdown', down);
		element.removeEventListener('pointermove', move);
		element.removeEventListener('pointerup', up);
		element.removeEventListener('pointercancel', up);
		element.removeEventListener('wheel', wheel);
	};
}
