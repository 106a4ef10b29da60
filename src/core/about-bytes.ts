const NUMBER_BYTES = 5;
const HEAD_BYTES = 3;

/**
 * About how many bytes a plain value takes when it is packed: texts by their length, so that bounds and
 * snapshots can go by what is written without packing it for that.
 */
export function aboutBytes(value: unknown): number {
	if (typeof value === 'string') return HEAD_BYTES + value.length;
	if (typeof value !== 'object' || value === null) return NUMBER_BYTES;
	if (ArrayBuffer.isView(value)) return HEAD_BYTES + value.byteLength;
	let bytes = HEAD_BYTES;
	if (Array.isArray(value)) {
		for (const item of value) bytes += aboutBytes(item);
		return bytes;
	}
	for (const [name, item] of Object.entries(value)) bytes += name.length + 1 + aboutBytes(item);
	return bytes;
}
