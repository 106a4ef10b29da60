import { Room } from '@colyseus/core';
import type { KindContract } from '../../protocol/kind.ts';
import type { RoomClass } from './colyseus-internals.ts';

/** A kind with style `seat`: its contract and the Colyseus room that serves it. */
export interface SeatDefinition {
	readonly contract: KindContract;
	/** Any Colyseus room; `onCreate` gets the opener's arguments and `id`, `client.auth` the user. */
	readonly room: unknown;
	/** Only bearers of one of these roles may join; absent means everybody. */
	readonly roles?: readonly string[];
}

/** The room that shows an actor of a stream kind in Colyseus's listing and monitor. */
export interface ActorRoomDefinition {
	readonly kind: string;
	/** A room with {@link ShownRoom.show}. */
	readonly room: unknown;
}

/** What the room of an actor can do: take figures over and tell those who look on. */
export interface ShownRoom {
	show(figures: Figures): void;
}

export type Figures = Readonly<Record<string, unknown>>;

export interface RoomDefinitions {
	readonly seats: readonly SeatDefinition[];
	readonly actorRooms: readonly ActorRoomDefinition[];
}

/** Keeps the literal types of a definition made in code. */
export const defineSeat = <const D extends SeatDefinition>(definition: D): D => definition;

/** The value as a room class; throws with the name of what is none. */
export function roomClass(value: unknown, name: string): RoomClass {
	if (typeof value === 'function' && value.prototype instanceof Room) return value as RoomClass;
	throw new Error(`the room of ${name} is not a Colyseus room`);
}

/**
 * The Colyseus id of a key. Colyseus allows `[A-Za-z0-9_-]`: kinds have no `_` and no capitals, so
 * `kind_id` and, for ids with other characters (direct channels), `kindX…` never meet.
 */
export const roomIdOf = (kind: string, id: string): string =>
	/^[\w-]+$/.test(id) ? `${kind}_${id}` : `${kind}X${Buffer.from(id).toString('base64url')}`;

/** The key of a room id made by {@link roomIdOf}; nothing for other ids. */
export function keyOf(roomId: string): { kind: string; id: string } | undefined {
	const [, kind, mark, rest = ''] = /^([a-z][a-z0-9-]*)([_X])([\w-]+)$/.exec(roomId) ?? [];
	if (kind === undefined) return undefined;
	return { kind, id: mark === '_' ? rest : Buffer.from(rest, 'base64url').toString() };
}
