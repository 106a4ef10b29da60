import { useState } from 'preact/hooks';
import { notifyTicket } from './ticket-notices.ts';

/** Whether a call is under way, and what begins one: only one at a time; what goes wrong is said. */
export function useOneAtATime() {
	const [isBusy, setBusy] = useState(false);
	const run = (call: () => Promise<unknown>) => {
		if (isBusy) return;
		setBusy(true);
		call()
			.catch(notifyTicket)
			.finally(() => setBusy(false));
	};
	return { isBusy, run };
}
