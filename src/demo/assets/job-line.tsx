import { useState } from 'preact/hooks';
import type { Registration } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { notify } from '../page/notify.tsx';
import type { AssetBook } from './asset-book.ts';
import { isRefused } from './asset-lines.ts';

const { assets } = texts;

/** What a registration has come to, in one sentence. */
function endText({ steps }: Registration, failed: number, isRefresh: boolean): string {
	if (isRefresh) {
		return failed === 0 ? assets.refreshed : assets.notRefreshed(failed, steps.length);
	}
	if (failed === 0) return assets.endAll(steps.length);
	if (failed === steps.length) return assets.endNone;
	return assets.endPart(steps.length - failed, steps.length);
}

/** The registration that began last: how far it is, and what it came to. */
export function JobLine({ book }: { readonly book: AssetBook }) {
	const [seen, setSeen] = useState<string>();
	const job = book.lastJob;
	if (job === undefined || job.id === seen || job.state === 'cancelled') return null;
	const { steps } = job;
	const over = steps.filter(({ state }) => state === 'done' || state === 'failed').length;
	// Those that were disconnected since are not to be tried again.
	const failed = steps
		.filter(({ state }) => state === 'failed')
		.map(({ institution }) => institution)
		.filter((institution) => !book.withdrawn.has(institution));
	const mayRetry = failed.filter((institution) => {
		const info = book.infos.get(institution);
		return info !== undefined && !isRefused(info);
	});
	if (job.isOver && failed.length === 0 && !book.isFresh(job)) return null;
	const isRefresh = book.isRefresh(job);
	const progress = isRefresh ? assets.refreshing : assets.progress;
	const retry = () => void book.connect(mayRetry).catch(notify);
	return (
		<section class="job" data-state={job.state} role="status">
			<div class="job-texts">
				<strong>{job.isOver ? endText(job, failed.length, isRefresh) : progress}</strong>
				{!job.isOver && <small>{assets.progressOf(over, steps.length)}</small>}
			</div>
			{!job.isOver && <progress max={steps.length} value={over} aria-label={progress} />}
			{job.isOver && mayRetry.length > 0 && (
				<button type="button" class="plain" onClick={retry}>
					{assets.retryFailed(mayRetry.length)}
				</button>
			)}
			{job.isOver && (
				<button
					type="button"
					class="round"
					aria-label={texts.close}
					onClick={() => setSeen(job.id)}
				>
					<Icon name="close" />
				</button>
			)}
		</section>
	);
}
