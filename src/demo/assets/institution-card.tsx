import type { Asset, AssetSnapshot, InstitutionInfo } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { Avatar } from '../page/avatar.tsx';
import { fullTime, shortTime } from '../page/dates.ts';
import { Icon } from '../page/icon.tsx';
import { notify, say } from '../page/notify.tsx';
import { moneyText } from '../tickets/money.ts';
import { SureButton } from '../tickets/sure-button.tsx';
import type { AssetBook } from './asset-book.ts';
import { type AssetLine, isRefused } from './asset-lines.ts';
import { HealthLine } from './health-line.tsx';
import { StepTrack } from './step-track.tsx';
import { isOwed, sumsOf } from './sums.ts';

const { assets } = texts;

/** What there is of each currency, without what is owed twice over. */
function SumText({ snapshot }: { readonly snapshot: AssetSnapshot }) {
	return (
		<span class="card-sum">
			{sumsOf([snapshot]).map(({ currency, have, owe }) => (
				<span key={currency}>{moneyText(language, have - owe, currency)}</span>
			))}
		</span>
	);
}

/** How many assets there are, and how old that is. */
function AsOf({ snapshot: { asOf, assets: all } }: { readonly snapshot: AssetSnapshot }) {
	return (
		<>
			<span>{assets.assetCount(all.length)}</span>
			<time dateTime={new Date(asOf).toISOString()} title={fullTime(asOf)}>
				{assets.asOf(shortTime(asOf))}
			</time>
		</>
	);
}

function AssetRow({ asset }: { readonly asset: Asset }) {
	const { name, type, amount, currency } = asset;
	return (
		<li class="asset">
			<span>
				{name} <small>{assets.types[type]}</small>
			</span>
			<span class="amount">{moneyText(language, isOwed(asset) ? -amount : amount, currency)}</span>
		</li>
	);
}

interface ConnectButtonProps {
	readonly info: InstitutionInfo;
	readonly text: string;
	readonly book: AssetBook;
}

function ConnectButton({ info, text, book }: ConnectButtonProps) {
	const connect = () => void book.connect([info.id]).catch(notify);
	return (
		<button type="button" class="plain" disabled={isRefused(info)} onClick={connect}>
			{text}
		</button>
	);
}

/** What one can do about an institution. */
function Deeds({ line, book }: CardProps) {
	const { info, state, running } = line;
	const withdraw = () =>
		void book.withdraw(info.id).then(() => say(assets.withdrawn(info.name)), notify);
	return (
		<div class="card-deeds">
			{running === undefined && state === 'connected' && (
				<ConnectButton info={info} text={assets.refresh} book={book} />
			)}
			<SureButton text={assets.withdraw} sure={assets.withdrawSure} act={withdraw} />
		</div>
	);
}

/** Why the last try came to nothing. */
function FailedText({ line, book }: CardProps) {
	const { failed, running, state, info } = line;
	if (failed === undefined || running !== undefined) return null;
	const what = state === 'connected' ? assets.refreshFailed : assets.connectFailed;
	return (
		<p class="card-failed">
			<span>
				{what} {assets.reasons[failed.code ?? ''] ?? ''}
			</span>
			<ConnectButton info={info} text={assets.retry} book={book} />
		</p>
	);
}

interface CardProps {
	readonly line: AssetLine;
	readonly book: AssetBook;
}

/** One institution that one has consented to: its state in a line, and its assets below. */
export function InstitutionCard({ line, book }: CardProps) {
	const { info, snapshot, running, state } = line;
	return (
		<li class="institution" data-institution={info.id} data-state={state}>
			<details>
				<summary>
					<Avatar id={info.id} name={info.name} />
					<span class="card-texts">
						<strong class="card-name">{info.name}</strong>
						<small class="as-of">
							{snapshot === undefined ? (
								<span>{assets.industries[info.industry]}</span>
							) : (
								<AsOf snapshot={snapshot} />
							)}
						</small>
					</span>
					<HealthLine info={info} />
					{snapshot && <SumText snapshot={snapshot} />}
					<Icon name="chevron" />
				</summary>
				{snapshot && (
					<ul class="asset-rows">
						{snapshot.assets.map((asset) => (
							<AssetRow key={asset.id} asset={asset} />
						))}
					</ul>
				)}
				<Deeds line={line} book={book} />
			</details>
			{running && <StepTrack step={running} />}
			<FailedText line={line} book={book} />
		</li>
	);
}
