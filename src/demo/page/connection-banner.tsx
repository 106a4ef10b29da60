import type { StatusChange } from '../../../client-sdk/src/index.ts';
import { forgetAccount } from '../account.ts';
import { texts } from '../language.ts';
import { useRecovery } from './use-recovery.ts';
import { useSecondsUntil, useStatus } from './use-status.ts';

/** What is said while there is no connection. */
function waitingText({ status }: StatusChange, seconds: number | undefined): string | undefined {
	if (status === 'offline') return texts.noNetwork;
	if (status !== 'reconnecting') return undefined;
	return seconds ? texts.reconnectingIn(seconds) : texts.reconnecting;
}

function signInAgain(): void {
	forgetAccount();
	location.reload();
}

/** Says when the connection is lost, when the next attempt is, and what came after it was back. */
export function ConnectionBanner({ channelId }: { readonly channelId: string | undefined }) {
	const change = useStatus();
	const seconds = useSecondsUntil(change.retryAt);
	const caughtUp = useRecovery(channelId);
	const waiting = waitingText(change, seconds);
	return (
		<div class="banner-place" role="status">
			{change.status === 'closed' && (
				<p class="banner ended">
					{texts.ended}
					<button type="button" class="plain" onClick={signInAgain}>
						{texts.signInAgain}
					</button>
				</p>
			)}
			{waiting !== undefined && (
				<p class="banner waiting">
					<span class="spinner" aria-hidden="true" />
					<strong aria-hidden="true">{waiting}</strong>
					{/* Said once, not with every second. */}
					<span class="hidden">
						{change.status === 'offline' ? texts.noNetwork : texts.reconnecting}
					</span>
					{channelId !== undefined && <span class="banner-more">{texts.keepsWriting}</span>}
				</p>
			)}
			{caughtUp !== undefined && waiting === undefined && (
				<p class="banner back">{caughtUp === 0 ? texts.backOnline : texts.caughtUp(caughtUp)}</p>
			)}
		</div>
	);
}
