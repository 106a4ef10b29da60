/**
 * The form in which institutions speak, and what becomes of it. Amounts are decimal numbers in text and
 * times ISO 8601 there; here they are minor units and milliseconds (I4). Whatever does not fit its
 * schema is an unreadable answer, never a crash.
 */
import { z } from 'zod';
import type { AssetAnswer, AssetListAnswer, TokenAnswer } from '../../institutions/answers.ts';
import type { InstitutionApi } from '../../institutions/ports.ts';
import { assetSchema } from '../../protocol/institution.ts';
import { soundJson } from './sound-json.ts';

/** Asked for, and as many as one page may bring. */
export const PAGE_LENGTH = 100;
const CURSOR_LENGTH_MAX = 512;
const TOKEN_LENGTH_MAX = 4_096;
const TOKEN_LIFE_SECONDS_MAX = 10 * 365 * 86_400;

/** Header values are made of it, so nothing but visible ASCII may be in it. */
const tokenText = z
	.string()
	.min(1)
	.max(TOKEN_LENGTH_MAX)
	.regex(/^[\x21-\x7e]+$/);

const cursor = z.string().min(1).max(CURSOR_LENGTH_MAX).nullish();

/** By ISO 4217. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));
/** Of those that were asked for: each takes a while, and a node meets few. */
const digitsByCurrency = new Map<string, number>();

/** How many digits stand behind the point; `undefined`: it is no currency. */
function digitsOf(currency: string): number | undefined {
	if (!CURRENCIES.has(currency)) return undefined;
	const known = digitsByCurrency.get(currency);
	if (known !== undefined) return known;
	const format = new Intl.NumberFormat('en', { style: 'currency', currency });
	const { maximumFractionDigits: digits = 2 } = format.resolvedOptions();
	digitsByCurrency.set(currency, digits);
	return digits;
}

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,8}))?$/;

/** `undefined`: it is no amount, or one with parts of the smallest unit, or of no currency. */
export function minorUnits(amount: string, currency: string): number | undefined {
	const [, sign, whole = '', fraction = ''] = DECIMAL.exec(amount) ?? [];
	const digits = digitsOf(currency);
	if (sign === undefined || digits === undefined) return undefined;
	if (/[1-9]/.test(fraction.slice(digits))) return undefined;
	const units = Number(whole + fraction.slice(0, digits).padEnd(digits, '0'));
	if (!Number.isSafeInteger(units)) return undefined;
	return sign === '-' && units !== 0 ? -units : units;
}

const tokenSchema = z
	.object({
		token_type: z.string().regex(/^bearer$/i),
		access_token: tokenText,
		refresh_token: tokenText.nullish(),
		expires_in: z.number().positive().max(TOKEN_LIFE_SECONDS_MAX),
	})
	.transform(
		(token): TokenAnswer => ({
			accessToken: token.access_token,
			refreshToken: token.refresh_token ?? undefined,
			expiresInMs: Math.floor(token.expires_in * 1_000),
		}),
	);

/** It becomes a part of a path, in which dots alone would lead elsewhere and half a character nowhere. */
const assetIdText = assetSchema.shape.id.regex(/[^.]/).refine((id) => id.isWellFormed());

const listSchema = z
	.object({
		assets: z
			.array(z.object({ asset_id: assetIdText, name: assetSchema.shape.name }))
			.max(PAGE_LENGTH),
		next_cursor: cursor,
	})
	.transform(
		({ assets, next_cursor }): AssetListAnswer => ({
			assets: assets.map(({ asset_id: id, name }) => ({ id, name })),
			cursor: next_cursor ?? undefined,
		}),
	);

const positionSchema = z
	.object({
		id: assetSchema.shape.id,
		type: assetSchema.shape.type,
		name: assetSchema.shape.name,
		amount: z.string().max(30),
		currency: assetSchema.shape.currency,
		as_of: z.iso.datetime({ offset: true }),
	})
	.transform(({ amount, as_of, ...rest }, context) => {
		const units = minorUnits(amount, rest.currency);
		if (units !== undefined) return { ...rest, amount: units, asOf: Date.parse(as_of) };
		context.addIssue({ code: 'custom', message: 'not an amount', path: ['amount'] });
		return z.NEVER;
	});

const detailSchema = z
	.object({ positions: z.array(positionSchema).max(PAGE_LENGTH), next_cursor: cursor })
	.transform(
		({ positions, next_cursor }): AssetAnswer => ({
			assets: positions,
			cursor: next_cursor ?? undefined,
		}),
	);

/** What each api answers. */
const ANSWERS: Readonly<Record<InstitutionApi, z.ZodType>> = {
	token: tokenSchema,
	// Whatever it says: the status is enough.
	revoke: z.unknown(),
	assets: listSchema,
	asset: detailSchema,
};

/** The body in the common model, or where it does not fit; the problem holds nothing of the body. */
export function readAnswer(
	api: InstitutionApi,
	text: string,
): { readonly body: unknown } | { readonly problem: string } {
	if (api === 'revoke') return { body: undefined };
	const json = soundJson(text);
	if ('problem' in json) return json;
	const read = ANSWERS[api].safeParse(json.value);
	if (read.success) return { body: read.data };
	const path = read.error.issues[0]?.path.map(String).join('.') ?? '';
	return { problem: `the answer does not fit its schema${path && ` at ${path.slice(0, 100)}`}` };
}
