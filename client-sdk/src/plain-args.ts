/** Says what {@link isPlain} asks for. */
export const NOT_PLAIN =
	'arguments are plain data: objects, arrays, strings, numbers, booleans, null';

/** Levels of arguments that a frame has room for: 32 in all, two of them its own. */
const DEPTH_MAX = 30;

/** By name, because objects of another frame or context have other classes. */
const kindOf = (value: object) => Object.prototype.toString.call(value);

function arePlain(values: readonly unknown[], depth: number): boolean {
	return values.every((value) => isPlainAt(value, depth + 1));
}

function isPlainAt(value: unknown, depth: number): boolean {
	if (value === null || value === undefined) return true;
	if (typeof value !== 'object') return /^(?:string|number|boolean)$/.test(typeof value);
	if (depth >= DEPTH_MAX) return false;
	if (Array.isArray(value)) return arePlain(value, depth);
	const kind = kindOf(value);
	return kind === '[object Object]' ? arePlain(Object.values(value), depth) : kind === BYTES;
}

const BYTES = '[object Uint8Array]';

/**
 * Whether a server takes this as arguments: plain objects, arrays, strings, numbers, booleans, null and
 * bytes, not nested too deep. Anything else (a `Date`, a `Map`, a cycle) would cost the socket.
 */
export const isPlain = (value: unknown): boolean => isPlainAt(value, 0);
