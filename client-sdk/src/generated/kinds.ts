// Written by `npm run sdk:generate` from src/protocol; edit that.
import type { GeneratedKind } from '../kind-handle.ts';

/** Kinds that need no code of their own: `naru.<kind>(id)`, or `naru.<kind>` where there is one. */
export type GeneratedKinds = Record<never, never>;

/** How each of {@link GeneratedKinds} is made. */
export const GENERATED_KINDS: Readonly<Record<string, GeneratedKind>> = {};

/** Kinds with seats in a room: `naru.room(kind, id)`. */
export type SeatKind = 'cursor-board';
