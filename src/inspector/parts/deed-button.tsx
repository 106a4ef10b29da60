import { useEffect, useState } from 'preact/hooks';
import { NaruError } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';

/** The second press has to come within this time. */
const CONFIRM_MS = 5_000;

interface DeedButtonProps {
	readonly name: string;
	readonly confirm: string;
	/** What is said when it was done. */
	readonly done: string;
	readonly act: () => Promise<unknown>;
}

/** A button for what cannot be undone: it asks once more, and says what came of it. */
export function DeedButton({ name, confirm, done, act }: DeedButtonProps) {
	const [isAsking, setAsking] = useState(false);
	const [said, setSaid] = useState('');
	useEffect(() => {
		if (!isAsking) return;
		const timer = setTimeout(() => setAsking(false), CONFIRM_MS);
		return () => clearTimeout(timer);
	}, [isAsking]);
	const press = () => {
		setAsking(!isAsking);
		if (!isAsking) return;
		act().then(
			() => setSaid(done),
			(error) => setSaid(texts.failed(error instanceof NaruError ? error.code : '')),
		);
	};
	return (
		<span class="deed">
			<button type="button" class={isAsking ? 'primary danger' : 'plain danger'} onClick={press}>
				{isAsking ? confirm : name}
			</button>
			<span role="status">{said}</span>
		</span>
	);
}
