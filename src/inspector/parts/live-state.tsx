import { texts } from '../language.ts';
import type { Live } from '../use-live.ts';

/** What is said instead of an answer, or beside the last one. */
export function LiveState({ live }: { readonly live: Live<unknown> }) {
	const { value, error } = live;
	if (error === 'NOT_FOUND') return <p class="note">{texts.notThere}</p>;
	if (error !== undefined) {
		return (
			<p class="note warn" role="status">
				{texts.failed(error)}
			</p>
		);
	}
	return value === undefined ? <p class="note">{texts.loading}</p> : null;
}
