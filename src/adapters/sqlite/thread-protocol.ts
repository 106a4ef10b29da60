import { pack } from '../../protocol/codec.ts';

/** Operations of a thread: one argument each (structured clone), answered in the order of the calls. */
export type OpsOf<Ops> = { [Op in keyof Ops]: (args: never) => unknown };

export type Call = readonly [id: number, op: string, args: unknown];
export type Answer = readonly [id: number, error: string | undefined, value?: unknown];
export type ToThread = readonly Call[] | 'close';

/** Packs into a buffer of its own, which can be handed over to another thread. */
export const packOwn = (value: unknown): Uint8Array<ArrayBuffer> => new Uint8Array(pack(value));

/** The bytes in a buffer of their own: what is handed over is empty for its former owner. */
export const copyOwn = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
