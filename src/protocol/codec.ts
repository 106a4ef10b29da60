import { Packr } from 'msgpackr';

/**
 * One msgpack dialect for frames and journal: plain maps, no records (whose decoder compiles code),
 * integers beyond 32 bits as numbers.
 */
const dialect = {
	useRecords: false,
	variableMapSize: true,
	int64AsType: 'number',
	mapsAsObjects: true,
} as const;
const packr = new Packr({ ...dialect, encodeUndefinedAsNil: true });
const exact = new Packr(dialect);

/** Packs a plain value. The bytes are the caller's own: nothing overwrites them later. */
export const pack = (value: unknown): Uint8Array<ArrayBuffer> =>
	packr.pack(value) as Uint8Array<ArrayBuffer>;

/** Unpacks one value that fills `bytes`; throws on anything else. */
export const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes);

/** As {@link pack}, for other nodes: what is `undefined` comes out as that, and not as `null`. */
export const packExact = (value: unknown): Uint8Array<ArrayBuffer> =>
	exact.pack(value) as Uint8Array<ArrayBuffer>;
