/** Who looks: a token with the role `ops`, kept for this tab. */
const KEY = 'naru-inspector/token';
/** Who a development server takes this page for. */
const OPERATOR = 'operator';

export const savedToken = (): string | undefined => sessionStorage.getItem(KEY) ?? undefined;

export const saveToken = (token: string): void => sessionStorage.setItem(KEY, token);

export const forgetToken = (): void => sessionStorage.removeItem(KEY);

/**
 * A token of the development server; `undefined` where the server makes none for this page. Throws when
 * the server is away.
 */
export async function developmentToken(): Promise<string | undefined> {
	const answer = await fetch('/api/v1/dev/token', {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ userId: OPERATOR, roles: ['user', 'ops'] }),
	});
	if (answer.status === 404 || answer.status === 403) return undefined;
	if (!answer.ok) throw new Error(`no token: ${answer.status}`);
	const { token } = (await answer.json()) as { token: string };
	return token;
}
