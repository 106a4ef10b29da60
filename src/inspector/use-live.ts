import { useEffect, useState } from 'preact/hooks';
import { NaruError } from '../../client-sdk/src/index.ts';

const EVERY_MS = 1_000;

/** The newest answer, and why there is no newer one. */
export interface Live<T> {
	readonly value: T | undefined;
	/** Code of the last refusal; absent behind an answer. */
	readonly error: string | undefined;
}

const codeOf = (error: unknown) => (error instanceof NaruError ? error.code : 'INTERNAL');

/** Resolves after a while, and not before the page is in front. */
function pause(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const onward = () => {
			if (document.visibilityState === 'hidden' && !signal.aborted) return;
			document.removeEventListener('visibilitychange', onward);
			resolve();
		};
		setTimeout(() => {
			document.addEventListener('visibilitychange', onward);
			onward();
		}, EVERY_MS);
		signal.addEventListener('abort', onward);
	});
}

/**
 * Asks on and on, a second after each answer, as long as it is on screen and the page in front. `about`
 * says what is asked: when it is another, it is asked at once.
 */
export function useLive<T>(ask: () => Promise<T>, about: string): Live<T> {
	const [live, setLive] = useState<Live<T>>({ value: undefined, error: undefined });
	useEffect(() => {
		const end = new AbortController();
		const { signal } = end;
		const goOn = async () => {
			while (!signal.aborted) {
				const answer = await ask().then(
					(value) => ({ value, error: undefined }),
					(error: unknown) => ({ value: undefined, error: codeOf(error) }),
				);
				if (signal.aborted) return;
				setLive((known) => ({ value: answer.value ?? known.value, error: answer.error }));
				await pause(signal);
			}
		};
		void goOn();
		return () => end.abort();
	}, [about]);
	return live;
}
