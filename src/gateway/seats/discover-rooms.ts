import { readdir } from 'node:fs/promises';
import type { ActorRoomDefinition, RoomDefinitions, SeatDefinition } from './seat-definition.ts';

/**
 * Finds the rooms of a folder: every file `*-room.ts` that exports `seat` or `actorRoom`. A new kind
 * needs no edit anywhere else. `folder` ends with a slash.
 */
export async function discoverRooms(folder: URL): Promise<RoomDefinitions> {
	const seats: SeatDefinition[] = [];
	const actorRooms: ActorRoomDefinition[] = [];
	const files = (await readdir(folder)).filter((file) => file.endsWith('-room.ts')).sort();
	for (const file of files) {
		const { seat, actorRoom } = await import(new URL(file, folder).href);
		if (seat !== undefined) seats.push(seat);
		if (actorRoom !== undefined) actorRooms.push(actorRoom);
	}
	return { seats, actorRooms };
}
