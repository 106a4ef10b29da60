import { isId } from './key-id.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Bytes as characters of the same number; React Native has no `atob` everywhere. */
function fromBase64Url(text: string): string {
	let bytes = '';
	let bits = 0;
	let count = 0;
	for (const character of text) {
		bits = ((bits << 6) | DIGITS.indexOf(character)) & 0xffff;
		count += 6;
		if (count < 8) continue;
		count -= 8;
		bytes += String.fromCharCode((bits >> count) & 0xff);
	}
	return bytes;
}

/** The user of whom a JSON Web Token says to be, unverified; `undefined` for other tokens. */
export function subjectOf(token: string): string | undefined {
	try {
		const { sub } = JSON.parse(fromBase64Url(token.split('.')[1] ?? ''));
		return isId(sub) ? sub : undefined;
	} catch {
		return undefined;
	}
}
