import { useEffect, useState } from 'preact/hooks';
import { useClient } from '../client.ts';
import { secondsUntil } from './durations.ts';

const STEP_MS = 200;

/** Whole seconds until `at` by the server's clock, however wrong this device's is. */
export function useServerSeconds(at: number): number {
	const { naru } = useClient();
	const [seconds, setSeconds] = useState(() => secondsUntil(at, naru.now()));
	useEffect(() => {
		const look = () => setSeconds(secondsUntil(at, naru.now()));
		look();
		const timer = setInterval(look, STEP_MS);
		return () => clearInterval(timer);
	}, [naru, at]);
	return seconds;
}
