import { useEffect, useRef, useState } from 'preact/hooks';
import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { backToList, listHref } from '../route.ts';
import type { AssetBook } from './asset-book.ts';
import { type AssetLine, assetLines } from './asset-lines.ts';
import { ConnectForm } from './connect-form.tsx';
import { InstitutionCard } from './institution-card.tsx';
import { JobLine } from './job-line.tsx';
import { Totals } from './totals.tsx';
import { useAssets } from './use-assets.ts';

const { assets } = texts;

function subtitle(lines: readonly AssetLine[]): string {
	const running = lines.filter((line) => line.running !== undefined);
	const isRefresh = running.every(({ state }) => state === 'connected');
	if (running.length > 0) {
		return (isRefresh ? assets.refreshingCount : assets.runningCount)(running.length);
	}
	const connected = lines.filter(({ state }) => state === 'connected').length;
	return connected === 0 ? assets.noneConnected : assets.connectedCount(connected);
}

interface InsideProps {
	readonly book: AssetBook;
	readonly lines: readonly AssetLine[];
	readonly toProgress: () => void;
}

/** What there is to see once everything was read. */
function Inside({ book, lines, toProgress }: InsideProps) {
	const [isChoosing, setChoosing] = useState(false);
	const own = lines.filter(({ state }) => state !== 'new');
	const others = lines.filter(({ state }) => state === 'new');
	const mayChoose = others.length > 0 && (own.length === 0 || isChoosing);
	if (lines.length === 0) return <p class="empty">{assets.noInstitutions}</p>;
	return (
		<div class="assets-inside">
			{book.snapshots.size > 0 && <Totals snapshots={book.snapshots} />}
			<JobLine book={book} />
			{own.length > 0 && (
				<ul class="institutions" aria-label={assets.assets}>
					{own.map((line) => (
						<InstitutionCard key={line.info.id} line={line} book={book} />
					))}
				</ul>
			)}
			{mayChoose && (
				<ConnectForm
					lines={others}
					book={book}
					toProgress={toProgress}
					close={own.length > 0 ? () => setChoosing(false) : undefined}
				/>
			)}
			{!mayChoose && others.length > 0 && (
				<button type="button" class="plain connect-more" onClick={() => setChoosing(true)}>
					<Icon name="plus" />
					{assets.chooseMore}
				</button>
			)}
		</div>
	);
}

/** One's own assets at institutions: everything comes over the socket of the chat. */
export function AssetsView() {
	const book = useAssets();
	const lines = assetLines(book);
	const place = useRef<HTMLDivElement>(null);
	const toProgress = () => {
		place.current?.scrollTo({ top: 0 });
		// The button that had the focus is gone.
		place.current?.focus({ preventScroll: true });
	};
	useEffect(() => {
		document.title = `${assets.assets} · ${texts.appName}`;
	}, []);
	return (
		<main class="assets">
			<header class="bar">
				<a class="round back" href={listHref} aria-label={texts.back} onClick={backToList}>
					<Icon name="back" />
				</a>
				<div class="bar-texts">
					<h1>{assets.assets}</h1>
					<small>{book.state === 'loading' ? texts.loading : subtitle(lines)}</small>
				</div>
			</header>
			<div class="assets-scroll" ref={place} tabIndex={-1}>
				{book.state === 'failed' && (
					<p class="empty">
						{assets.unreachable}
						<button type="button" class="plain" onClick={() => void book.load()}>
							{assets.retry}
						</button>
					</p>
				)}
				{book.state === 'loaded' && <Inside {...{ book, lines, toProgress }} />}
			</div>
		</main>
	);
}
