import type { Runtime } from '../core/runtime.ts';
import type { SeatHost, SeatRequest } from '../gateway/ports.ts';
import type { PlaceAnswer, PlaceRequest } from '../gateway/seats/room-host.ts';
import type { NodeId } from './directory.ts';
import { RemoteRooms } from './remote-rooms.ts';
import type { Switchboard } from './switchboard.ts';

/** The edge's side of seats in rooms of other nodes. The messages are those of `SeatServer`. */
export class RemoteSeats {
	readonly #switchboard: Switchboard;
	readonly #runtime: Pick<Runtime, 'after'>;
	readonly #owners = new Map<NodeId, RemoteRooms>();

	constructor(switchboard: Switchboard, runtime: Pick<Runtime, 'after'>) {
		this.#switchboard = switchboard;
		this.#runtime = runtime;
		for (const name of ['seatOpened', 'seatPlaced']) {
			switchboard.handle(name, (from, [number, answer, group]) => {
				this.#owners.get(from)?.answered(number as number, answer as PlaceAnswer, group as number);
			});
		}
		switchboard.handle('seatSome', (from, [seats, bytes]) => {
			this.#owners.get(from)?.some(seats as readonly number[], bytes as Uint8Array);
		});
		switchboard.handle('seatAll', (from, [group, bytes]) => {
			this.#owners.get(from)?.all(group as number, bytes as Uint8Array);
		});
		switchboard.handle('seatClosed', (from, [number, code, reason]) => {
			const request = this.#owners.get(from)?.ended(number as number);
			request?.closed(code as number, reason as string);
		});
		switchboard.handle('seatMoved', (from, [number]) => {
			this.#owners
				.get(from)
				?.ended(number as number)
				?.moved();
		});
		switchboard.onDown((peer) => {
			const owner = this.#owners.get(peer);
			this.#owners.delete(peer);
			owner?.down();
		});
	}

	/** As {@link SeatHost.open}, of the rooms of one node. */
	open(owner: NodeId, request: SeatRequest): ReturnType<SeatHost['open']> {
		return this.#at(owner).open(request);
	}

	place(owner: NodeId, request: PlaceRequest): Promise<PlaceAnswer> {
		return this.#at(owner).place(request);
	}

	#at(node: NodeId): RemoteRooms {
		const known = this.#owners.get(node);
		if (known !== undefined) return known;
		const send = (name: string, ...args: readonly unknown[]) =>
			this.#switchboard.send(node, name, ...args);
		const made = new RemoteRooms(send, this.#runtime);
		this.#owners.set(node, made);
		return made;
	}
}
