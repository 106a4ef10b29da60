/** How a call is put into an HTTP request. */
import type { OutsideCall } from '../../institutions/ports.ts';
import type { InstitutionSecrets } from '../../institutions/settings.ts';
import { PAGE_LENGTH } from './institution-wire.ts';

/** What goes out. */
export interface InstitutionRequest {
	readonly method: 'GET' | 'POST';
	readonly url: URL;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	/** Whether it may be sent again when a connection turned out to be closed. */
	readonly isRepeatable: boolean;
}

/** By which every institution can name a call of ours, in both our records. */
const TRANSACTION_HEADER = 'x-transaction-id';

const baseOf = ({ settings, route = 0 }: OutsideCall) =>
	settings.baseUrls[route] ?? (settings.baseUrls[0] as string);

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
function clientOf({ settings }: OutsideCall, { clientSecret }: InstitutionSecrets): string {
	const parts = [settings.credentials.clientId, clientSecret].map(encodeURIComponent);
	return `Basic ${Buffer.from(parts.join(':')).toString('base64')}`;
}

function grantOf({ grant, userId }: OutsideCall): Record<string, string> {
	if (grant === undefined) throw new Error('a call for a token needs a grant');
	if ('refreshToken' in grant)
		return { grant_type: 'refresh_token', refresh_token: grant.refreshToken };
	return { grant_type: 'authorization_code', code: grant.authorisation, user: userId };
}

/** The refresh token if there is one: with it the whole grant ends. */
function revokedOf({ grant, accessToken }: OutsideCall): Record<string, string> {
	if (grant !== undefined && 'refreshToken' in grant) return { token: grant.refreshToken };
	if (accessToken === undefined) throw new Error('a call to revoke needs a token');
	return { token: accessToken };
}

function form(call: OutsideCall, secrets: InstitutionSecrets): InstitutionRequest {
	const isToken = call.api === 'token';
	const body = new URLSearchParams(isToken ? grantOf(call) : revokedOf(call)).toString();
	return {
		method: 'POST',
		url: new URL(`${baseOf(call)}/oauth/${call.api}`),
		headers: {
			accept: 'application/json',
			'accept-encoding': 'identity',
			authorization: clientOf(call, secrets),
			'content-type': 'application/x-www-form-urlencoded',
			'content-length': String(Buffer.byteLength(body)),
			[TRANSACTION_HEADER]: call.transactionId,
		},
		body,
		// An authorisation is good once.
		isRepeatable: !isToken,
	};
}

function read(call: OutsideCall): InstitutionRequest {
	const { api, assetId, accessToken, cursor, transactionId } = call;
	if (accessToken === undefined) throw new Error('a call for assets needs a token');
	if (api === 'asset' && assetId === undefined) throw new Error('which asset?');
	const path = assetId === undefined ? 'assets' : `assets/${encodeURIComponent(assetId)}`;
	const url = new URL(`${baseOf(call)}/${path}`);
	url.searchParams.set('limit', String(PAGE_LENGTH));
	if (cursor !== undefined) url.searchParams.set('cursor', cursor);
	return {
		method: 'GET',
		url,
		headers: {
			accept: 'application/json',
			// What was packed could be any size when it is unpacked.
			'accept-encoding': 'identity',
			authorization: `Bearer ${accessToken}`,
			[TRANSACTION_HEADER]: transactionId,
		},
		body: '',
		isRepeatable: true,
	};
}

/** The request of a call; throws when the call lacks what its api needs, which is a bug of the caller. */
export function requestOf(call: OutsideCall, secrets: InstitutionSecrets): InstitutionRequest {
	return call.api === 'token' || call.api === 'revoke' ? form(call, secrets) : read(call);
}
