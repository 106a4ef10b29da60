import { useState } from 'preact/hooks';
import { Icon } from '../demo/page/icon.tsx';
import { texts } from './language.ts';

interface TokenFormProps {
	/** Why the last one did not do. */
	readonly why: string | undefined;
	readonly onToken: (token: string) => Promise<void>;
}

/** Where a token is pasted. */
export function TokenForm({ why, onToken }: TokenFormProps) {
	const [isBusy, setBusy] = useState(false);
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		const form = new FormData(event.currentTarget as HTMLFormElement);
		setBusy(true);
		void onToken(String(form.get('token')).trim()).finally(() => setBusy(false));
	};
	return (
		<main class="sign-in">
			<form onSubmit={submit}>
				<div class="logo" aria-hidden="true">
					<Icon name="boat" />
				</div>
				<h1>{texts.title}</h1>
				<label>
					{texts.tokenLabel}
					<input name="token" required autocomplete="off" spellcheck={false} />
				</label>
				<p class="form-error" role="alert">
					{why ?? ''}
				</p>
				<button type="submit" class="primary" disabled={isBusy}>
					{texts.enter}
				</button>
				<p class="hint">{texts.tokenHint}</p>
			</form>
		</main>
	);
}
