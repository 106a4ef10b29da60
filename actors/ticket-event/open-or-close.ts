import type { Draft } from './draft.ts';

/**
 * Opens or closes the event if its time has come: to the second, whatever command is the first behind
 * it. The first interval of a turnstile begins at the opening time, unless that was missed by far.
 */
export function openOrClose(draft: Draft): void {
	const { sale, tally, now } = draft;
	const { opensAt, closesAt = Infinity, admission } = sale;
	if (tally.phase !== 'closed' && closesAt <= now) close(draft);
	if (tally.phase !== 'scheduled' || tally.paused || opensAt > now) return;
	const at = now - opensAt < admission.intervalMs ? opensAt : now;
	const pace = { base: at, index: 0, given: 0 };
	draft.add({ type: 'opened', data: { at, pace, info: draft.info({ phase: 'open' }) } });
}

/** Ends the queue at once; who is inside follows, in slices; payments go on. */
export function close(draft: Draft): void {
	draft.add({ type: 'closed', data: { info: draft.info({ phase: 'closed', paused: false }) } });
}
