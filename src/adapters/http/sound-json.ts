/** JSON of strangers: what different readers could take for different things is taken for nothing. */

/** Far deeper than any answer is. */
const DEPTH_MAX = 32;
/** Strings, those behind which a colon stands being keys, and brackets. */
const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g;

const textOf = (quoted: string): string =>
	quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);

/** Whether valid JSON names a field of an object twice, or goes too deep. */
function isOdd(json: string): boolean {
	// The fields so far of each object that is open; those of an array stay empty.
	const open: Set<string>[] = [];
	for (const [token, quoted, colon] of json.matchAll(TOKENS)) {
		if (quoted === undefined) {
			if (token === '}' || token === ']') open.pop();
			else if (open.push(new Set()) > DEPTH_MAX) return true;
		} else if (colon !== undefined) {
			const fields = open.at(-1);
			const size = fields?.size;
			if (fields?.add(textOf(quoted)).size === size) return true;
		}
	}
	return false;
}

/** The value, or why it cannot be relied upon; the problem holds nothing of the text. */
export function soundJson(
	text: string,
): { readonly value: unknown } | { readonly problem: string } {
	try {
		const value: unknown = JSON.parse(text);
		return isOdd(text) ? { problem: 'the answer names a field twice, or is too deep' } : { value };
	} catch {
		return { problem: 'the answer is no JSON' };
	}
}
