import { useEffect, useState } from 'preact/hooks';
import type { SeatColours } from './draw-seats.ts';

const GRADES = 6;

/** The colours of the seat map as the style sheet has them for an element. */
function coloursOf(element: Element): SeatColours {
	const style = getComputedStyle(element);
	const of = (name: string) => style.getPropertyValue(`--seat-${name}`).trim();
	return {
		grades: Array.from({ length: GRADES }, (_, at) => of(`grade-${at + 1}`)),
		onGrade: of('on-grade'),
		held: of('held'),
		sold: of('sold'),
		mine: of('mine'),
		onMine: of('on-mine'),
		text: of('text'),
		stage: of('stage'),
		focus: of('focus'),
		font: style.fontFamily,
	};
}

/** The same, told again when the device turns dark or light. */
export function useSeatColours(element: Element | null): SeatColours | undefined {
	const [colours, setColours] = useState<SeatColours>();
	useEffect(() => {
		if (element === null) return;
		const look = () => setColours(coloursOf(element));
		look();
		const dark = matchMedia('(prefers-color-scheme: dark)');
		dark.addEventListener('change', look);
		return () => dark.removeEventListener('change', look);
	}, [element]);
	return colours;
}
