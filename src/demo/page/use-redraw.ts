import { useReducer } from 'preact/hooks';

/** A function that draws the component again: for objects that change and tell so. */
export function useRedraw(): () => void {
	const [, redraw] = useReducer((count: number) => count + 1, 0);
	return redraw as () => void;
}
