const DEPTH_MAX = 16;

/** UTF-8 length of a string, in bytes. */
export function textBytes(text: string): number {
	let bytes = 0;
	for (let at = 0; at < text.length; at++) {
		const unit = text.charCodeAt(at);
		// Each half of a pair counts two of its four bytes.
		if (unit < 0x80) bytes += 1;
		else if (unit < 0x800 || (unit >= 0xd800 && unit < 0xe000)) bytes += 2;
		else bytes += 3;
	}
	return bytes;
}

const isPlainObject = (value: object) => {
	const prototype = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
};

function objectBytes(value: object, depth: number): number {
	if (depth === DEPTH_MAX) return Number.NaN;
	let bytes = 5;
	if (Array.isArray(value)) {
		for (const item of value) bytes += valueBytes(item, depth + 1);
		return bytes;
	}
	if (!isPlainObject(value)) return Number.NaN;
	for (const [key, item] of Object.entries(value)) {
		bytes += 5 + textBytes(key) + valueBytes(item, depth + 1);
	}
	return bytes;
}

function valueBytes(value: unknown, depth: number): number {
	if (value === null || typeof value === 'boolean') return 1;
	if (typeof value === 'number') return Number.isFinite(value) ? 9 : Number.NaN;
	if (typeof value === 'string') return 5 + textBytes(value);
	return typeof value === 'object' ? objectBytes(value, depth) : Number.NaN;
}

/**
 * An upper bound of a JSON value's packed size, in bytes; `undefined` for what is no JSON value (or
 * nested deeper than 16), which could not be stored and shown alike everywhere.
 */
export function plainBytes(value: unknown): number | undefined {
	const bytes = valueBytes(value, 0);
	return Number.isNaN(bytes) ? undefined : bytes;
}

/** The beginning of a text, at most `lengthMax` long, that does not cut a character in two. */
export function clip(text: string, lengthMax: number): string {
	if (text.length <= lengthMax) return text;
	const last = text.charCodeAt(lengthMax - 1);
	const cutsPair = last >= 0xd800 && last < 0xdc00;
	return text.slice(0, cutsPair ? lengthMax - 1 : lengthMax);
}
