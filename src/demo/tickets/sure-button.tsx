import { useEffect, useState } from 'preact/hooks';
import { texts } from '../language.ts';

/** A question that nobody answers is taken back. */
const ASKED_MS = 5_000;

interface SureButtonProps {
	readonly text: string;
	/** What is asked before it is done. */
	readonly sure: string;
	readonly act: () => void;
}

/** A button for what cannot be undone: it asks once more. */
export function SureButton({ text, sure, act }: SureButtonProps) {
	const [isAsked, setAsked] = useState(false);
	useEffect(() => {
		if (!isAsked) return;
		const timer = setTimeout(() => setAsked(false), ASKED_MS);
		return () => clearTimeout(timer);
	}, [isAsked]);
	if (!isAsked) {
		return (
			<button type="button" class="plain quiet sure" onClick={() => setAsked(true)}>
				{text}
			</button>
		);
	}
	const confirm = () => {
		setAsked(false);
		act();
	};
	return (
		<span class="sure">
			<button type="button" class="plain danger" onClick={confirm}>
				{sure}
			</button>
			<button type="button" class="plain quiet" onClick={() => setAsked(false)}>
				{texts.cancel}
			</button>
		</span>
	);
}
