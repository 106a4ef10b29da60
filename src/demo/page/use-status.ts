import { useEffect, useState } from 'preact/hooks';
import type { StatusChange } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';

/** The state of the one connection, as the SDK tells it. */
export function useStatus(): StatusChange {
	const { naru } = useClient();
	const [change, setChange] = useState<StatusChange>({ status: naru.status });
	useEffect(() => naru.on('status', setChange), [naru]);
	return change;
}

const STEP_MS = 250;

/** Whole seconds until `at`, counted down; `undefined` without `at`. */
export function useSecondsUntil(at: number | undefined): number | undefined {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		if (at === undefined) return;
		setNow(Date.now());
		const timer = setInterval(() => setNow(Date.now()), STEP_MS);
		return () => clearInterval(timer);
	}, [at]);
	return at === undefined ? undefined : Math.max(0, Math.ceil((at - now) / 1_000));
}
