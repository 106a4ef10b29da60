import { useState } from 'preact/hooks';
import { texts } from '../language.ts';

/** Where one is in a list: `after` goes into the question, `next` came with the answer. */
export interface Pages {
	readonly after: string | undefined;
	go(after: string | undefined): void;
}

export function usePages(): Pages {
	const [after, go] = useState<string>();
	return { after, go };
}

interface PageButtonsProps {
	readonly pages: Pages;
	readonly next: string | undefined;
}

/** Only one page is on screen, and so only one is asked for. */
export function PageButtons({ pages, next }: PageButtonsProps) {
	if (pages.after === undefined && next === undefined) return null;
	return (
		<div class="page-buttons">
			<button
				type="button"
				class="plain"
				disabled={pages.after === undefined}
				onClick={() => pages.go(undefined)}
			>
				{texts.previous}
			</button>
			<button
				type="button"
				class="plain"
				disabled={next === undefined}
				onClick={() => pages.go(next)}
			>
				{texts.next}
			</button>
		</div>
	);
}
