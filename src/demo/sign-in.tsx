import { useEffect, useRef, useState } from 'preact/hooks';
import { type Account, developmentToken, OriginError, userIdOf } from './account.ts';
import { texts } from './language.ts';
import { hasKeyboard } from './page/has-keyboard.ts';
import { Icon } from './page/icon.tsx';

const NAME_LENGTH_MAX = 40;

interface SignInProps {
	readonly onSignIn: (account: Account) => void;
}

/** A name is enough in development; a production server wants a token. */
export function SignIn({ onSignIn }: SignInProps) {
	const [needsToken, setNeedsToken] = useState(false);
	const [isBusy, setBusy] = useState(false);
	const [error, setError] = useState('');
	const field = useRef<HTMLInputElement>(null);
	useEffect(() => {
		if (hasKeyboard()) field.current?.focus();
	}, []);

	const enter = async (form: FormData) => {
		const name = String(form.get('name') ?? '').trim();
		const token = String(form.get('token') ?? '').trim();
		const account = { name, userId: userIdOf(name) };
		if (needsToken) onSignIn({ ...account, ...identityIn(token), token });
		else if ((await developmentToken(account)) === undefined) setNeedsToken(true);
		else onSignIn(account);
	};
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		setBusy(true);
		setError('');
		enter(new FormData(event.currentTarget as HTMLFormElement))
			.catch((reason) =>
				setError(reason instanceof OriginError ? texts.originRefused : texts.signInFailed),
			)
			.finally(() => setBusy(false));
	};

	return (
		<main class="sign-in">
			<form onSubmit={submit}>
				<div class="logo" aria-hidden="true">
					<Icon name="boat" />
				</div>
				<h1>{texts.appName}</h1>
				<p>{texts.tagline}</p>
				<label>
					{texts.yourName}
					<input
						ref={field}
						name="name"
						required
						maxLength={NAME_LENGTH_MAX}
						autocomplete="nickname"
					/>
				</label>
				{needsToken && (
					<label>
						{texts.tokenLabel}
						<input name="token" required autocomplete="off" spellcheck={false} />
					</label>
				)}
				<p class="form-error" role="alert">
					{error}
				</p>
				<button type="submit" class="primary" disabled={isBusy}>
					{texts.enter}
				</button>
				<p class="hint">{needsToken ? texts.tokenHint : texts.signInHint}</p>
				{!needsToken && <p class="hint">{texts.tabHint}</p>}
			</form>
		</main>
	);
}

/** Whom a token names, as far as one can read it; the server has the last word. */
function identityIn(token: string): Partial<Account> {
	try {
		const [, claims = ''] = token.split('.');
		const plain = atob(claims.replaceAll('-', '+').replaceAll('_', '/'));
		const { sub } = JSON.parse(plain) as { sub?: string };
		return sub === undefined ? {} : { userId: sub };
	} catch {
		return {};
	}
}
