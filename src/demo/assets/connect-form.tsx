import { useState } from 'preact/hooks';
import { texts } from '../language.ts';
import { Avatar } from '../page/avatar.tsx';
import { notify } from '../page/notify.tsx';
import type { AssetBook } from './asset-book.ts';
import { type AssetLine, isRefused } from './asset-lines.ts';
import { HealthLine } from './health-line.tsx';

const { assets } = texts;

interface ChoiceProps {
	readonly line: AssetLine;
	readonly isChosen: boolean;
	readonly choose: (isChosen: boolean) => void;
}

function Choice({ line: { info }, isChosen, choose }: ChoiceProps) {
	return (
		<label class="choice" data-institution={info.id}>
			<input
				type="checkbox"
				checked={isChosen}
				disabled={isRefused(info)}
				onChange={({ currentTarget }) => choose(currentTarget.checked)}
			/>
			<Avatar id={info.id} name={info.name} />
			<span class="card-texts">
				<strong class="card-name">{info.name}</strong>
				<small>{assets.industries[info.industry]}</small>
			</span>
			<HealthLine info={info} />
		</label>
	);
}

interface ConnectFormProps {
	readonly lines: readonly AssetLine[];
	readonly book: AssetBook;
	/** Absent where there is nothing else to see. */
	readonly close: (() => void) | undefined;
	/** Brings what happens next before the eyes: it stands above all. */
	readonly toProgress: () => void;
}

/** Chooses institutions and gives the consent. */
export function ConnectForm({ lines, book, close, toProgress }: ConnectFormProps) {
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
	const [isAgreed, setAgreed] = useState(false);
	const possible = lines.filter(({ info }) => !isRefused(info)).map(({ info }) => info.id);
	const ready = possible.filter((id) => chosen.has(id));
	const choose = (id: string, is: boolean) =>
		setChosen(new Set(is ? [...chosen, id] : [...chosen].filter((one) => one !== id)));
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		book.connect(ready).then(() => {
			toProgress();
			close?.();
		}, notify);
	};
	return (
		<form class="connect" onSubmit={submit}>
			<header>
				<h2>{close === undefined ? assets.choose : assets.chooseMore}</h2>
				<p>{assets.chooseHint}</p>
			</header>
			<label class="choice-all">
				<input
					type="checkbox"
					checked={possible.length > 0 && ready.length === possible.length}
					onChange={({ currentTarget }) =>
						setChosen(new Set(currentTarget.checked ? possible : []))
					}
				/>
				{assets.chooseAll}
			</label>
			<fieldset aria-label={assets.choose}>
				{lines.map((line) => (
					<Choice
						key={line.info.id}
						line={line}
						isChosen={ready.includes(line.info.id)}
						choose={(is) => choose(line.info.id, is)}
					/>
				))}
			</fieldset>
			<label class="consent">
				<input
					type="checkbox"
					name="consent"
					checked={isAgreed}
					onChange={({ currentTarget }) => setAgreed(currentTarget.checked)}
				/>
				<span>{assets.consent}</span>
			</label>
			<div class="form-buttons">
				{close && (
					<button type="button" class="plain quiet" onClick={close}>
						{texts.cancel}
					</button>
				)}
				<button type="submit" class="primary" disabled={!isAgreed || ready.length === 0}>
					{assets.connect(ready.length)}
				</button>
			</div>
		</form>
	);
}
