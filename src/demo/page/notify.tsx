import { useEffect, useState } from 'preact/hooks';
import { NaruError } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';

const SHOWN_MS = 5_000;
let show: (text: string) => void = () => {};

/** What an error means for the person in front of the page. */
export function errorText(error: unknown): string {
	const text = error instanceof NaruError ? texts.errors[error.code] : undefined;
	return text ?? texts.errorOther;
}

/** Says below, for a moment, that something did not work. */
export function notify(error: unknown): void {
	show(errorText(error));
}

/** Says a text below, for a moment. */
export function say(text: string): void {
	show(text);
}

/** Where {@link notify} speaks. */
export function Notices() {
	const [text, setText] = useState('');
	useEffect(() => {
		show = setText;
		return () => {
			show = () => {};
		};
	}, []);
	useEffect(() => {
		if (text === '') return;
		const timer = setTimeout(() => setText(''), SHOWN_MS);
		return () => clearTimeout(timer);
	}, [text]);
	return (
		<div class="notices" role="status">
			{text !== '' && <p>{text}</p>}
		</div>
	);
}
