import { useEffect, useMemo, useState } from 'preact/hooks';
import { NaruError } from '../../client-sdk/src/index.ts';
import { developmentToken, forgetToken, savedToken, saveToken } from './access.ts';
import { ClientProvider, createClient, type NaruClient } from './client.ts';
import { texts } from './language.ts';
import { Page } from './page.tsx';
import { TokenForm } from './token-form.tsx';

/** How far one has come; `why` says why a token is asked for once more. */
type Access =
	| { readonly step: 'asking' }
	| { readonly step: 'token'; readonly why?: string }
	| { readonly step: 'inside'; readonly naru: NaruClient };

/** Resolves when the server has let this client look; rejects with why it may not. */
const admitted = async (naru: NaruClient) => {
	await naru.ops.nodes({ limit: 1 });
	return naru;
};

const WHY: Readonly<Record<string, string>> = {
	FORBIDDEN: texts.noAccess,
	UNAUTHORIZED: texts.badToken,
	CLOSED: texts.badToken,
};

/** The inspector: nothing is shown before the server has let one in. */
export function App() {
	const [access, setAccess] = useState<Access>({ step: 'asking' });

	const enter = useMemo(
		() => async (token: string | undefined) => {
			if (token === undefined) return setAccess({ step: 'token' });
			const naru = createClient(token);
			try {
				await admitted(naru);
				saveToken(token);
				setAccess({ step: 'inside', naru });
			} catch (error) {
				forgetToken();
				await naru.close();
				const code = error instanceof NaruError ? error.code : '';
				setAccess({ step: 'token', why: WHY[code] ?? texts.unreachable });
			}
		},
		[],
	);
	useEffect(() => {
		const start = async () => enter(savedToken() ?? (await developmentToken()));
		start().catch(() => setAccess({ step: 'token', why: texts.unreachable }));
	}, [enter]);

	if (access.step === 'asking') return <p class="empty">{texts.loading}</p>;
	if (access.step === 'token') return <TokenForm why={access.why} onToken={enter} />;
	const { naru } = access;
	const leave = () => {
		forgetToken();
		void naru.close();
		setAccess({ step: 'token' });
	};
	return (
		<ClientProvider value={naru}>
			<Page leave={leave} />
		</ClientProvider>
	);
}
