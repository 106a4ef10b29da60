import { useState } from 'preact/hooks';
import { NaruError } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';

const words = texts.institutions;

interface NumberOrderProps {
	readonly label: string;
	/** As it is now; shown until somebody writes another. */
	readonly value: number | undefined;
	readonly note?: string;
	readonly act: (value: number) => Promise<unknown>;
}

/** A number that operators set; it says what came of it. */
export function NumberOrder({ label, value, note, act }: NumberOrderProps) {
	const [draft, setDraft] = useState<string>();
	const [said, setSaid] = useState('');
	const shown = draft ?? (value === undefined ? '' : String(value));
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		act(Number(shown)).then(
			() => {
				setDraft(undefined);
				setSaid(words.done);
			},
			(error) => setSaid(words.refused(error instanceof NaruError ? error.code : '')),
		);
	};
	return (
		<form class="number-order" onSubmit={submit}>
			<label>
				{label}
				<span class="number-field">
					<input
						type="number"
						required
						min="0.1"
						max="100000"
						step="any"
						inputMode="decimal"
						value={shown}
						onInput={({ currentTarget }) => setDraft(currentTarget.value)}
					/>
					<button type="submit" class="plain" disabled={draft === undefined}>
						{words.setRate}
					</button>
				</span>
			</label>
			<small>
				{note} <span role="status">{said}</span>
			</small>
		</form>
	);
}
