import type { RefObject } from 'preact';
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isAtEnd } from './use-reading.ts';

/** Older messages are asked for when the beginning is this near, in pixels. */
const NEAR_BEGINNING_PX = 600;

interface ScrollOptions {
	/** The key of the first row: another one means that older rows came in front. */
	readonly first: string;
	/** Changes with every row. */
	readonly rows: unknown;
	/** A row to begin at; without it the list begins at its end. */
	readonly startSelector: string | undefined;
	readonly loadOlder: () => void;
}

export interface Scroll {
	/** Whether the end is in view. */
	readonly isAtEnd: boolean;
	readonly toEnd: () => void;
}

/**
 * Keeps the place: at the end while one is at the end, and on the same message when older ones come
 * in front of it or the list gets another height (a keyboard opens).
 */
export function useScroll(list: RefObject<HTMLElement | null>, options: ScrollOptions): Scroll {
	const { first, rows, startSelector, loadOlder } = options;
	const [atEnd, setAtEnd] = useState(true);
	const kept = useRef({ isAtEnd: true, first: '', height: 0, isPlaced: false });

	useLayoutEffect(() => {
		const element = list.current;
		if (!element || first === '') return;
		const before = kept.current;
		if (!before.isPlaced) {
			const start = startSelector ? element.querySelector<HTMLElement>(startSelector) : null;
			if (start) element.scrollTop = start.offsetTop - element.clientHeight / 3;
			else element.scrollTop = element.scrollHeight;
		} else if (before.isAtEnd) {
			element.scrollTop = element.scrollHeight;
		} else if (first !== before.first) {
			element.scrollTop += element.scrollHeight - before.height;
		}
		kept.current = {
			isAtEnd: isAtEnd(element),
			first,
			height: element.scrollHeight,
			isPlaced: true,
		};
		setAtEnd(kept.current.isAtEnd);
		if (element.scrollTop < NEAR_BEGINNING_PX) loadOlder();
	}, [first, rows, startSelector, loadOlder]);

	useLayoutEffect(() => {
		const element = list.current;
		if (!element) return;
		const scrolled = () => {
			kept.current.isAtEnd = isAtEnd(element);
			setAtEnd(kept.current.isAtEnd);
			if (element.scrollTop < NEAR_BEGINNING_PX) loadOlder();
		};
		const resized = new ResizeObserver(() => {
			if (kept.current.isAtEnd) element.scrollTop = element.scrollHeight;
			kept.current.height = element.scrollHeight;
		});
		element.addEventListener('scroll', scrolled, { passive: true });
		resized.observe(element);
		return () => {
			element.removeEventListener('scroll', scrolled);
			resized.disconnect();
		};
	}, [list, loadOlder]);

	const toEnd = useCallback(() => {
		const element = list.current;
		if (!element) return;
		kept.current.isAtEnd = true;
		element.scrollTop = element.scrollHeight;
	}, [list]);

	return { isAtEnd: atEnd, toEnd };
}
