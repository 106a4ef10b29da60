import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useClient } from '../client.ts';

const BOARD = 'lobby';
/** Moves are told at most this often. */
const MOVE_EVERY_MS = 33;

/** A part of the board's width and height. */
export interface Place {
	readonly x: number;
	readonly y: number;
}

export interface BoardCursor extends Place {
	readonly key: string;
	readonly name: string;
	readonly userId: string;
	readonly colour: string;
	readonly isOwn: boolean;
}

export interface Board {
	readonly cursors: readonly BoardCursor[];
	readonly isSeated: boolean;
	readonly move: (place: Place) => void;
	/** Puts all cursors back to the middle. */
	readonly clear: () => Promise<void>;
}

/** What the room's schema state looks like to this page. */
interface BoardState {
	readonly players: ReadonlyMap<string, Omit<BoardCursor, 'key' | 'isOwn'>>;
}

/** Sends the newest of many values, at most one in `MOVE_EVERY_MS`, the last one for sure. */
function gathered<T>(send: (value: T) => void): (value: T) => void {
	let waiting: { readonly value: T } | undefined;
	let timer: ReturnType<typeof setTimeout> | undefined;
	const next = () => {
		timer = undefined;
		if (!waiting) return;
		const { value } = waiting;
		waiting = undefined;
		send(value);
		timer = setTimeout(next, MOVE_EVERY_MS);
	};
	return (value) => {
		waiting = { value };
		if (timer === undefined) next();
	};
}

/** A seat on the cursor board while the component lives: beside the chat, over the same socket. */
export function useBoard(): Board {
	const { naru } = useClient();
	const room = useMemo(() => naru.room('cursor-board', BOARD), [naru]);
	const [cursors, setCursors] = useState<readonly BoardCursor[]>([]);
	const [isSeated, setSeated] = useState(false);
	/** Where one's own cursor is, before the server says so. */
	const own = useRef<Place | undefined>(undefined);

	const show = () => {
		const players = (room.state as BoardState | undefined)?.players ?? new Map();
		const all = [...players].map(([key, { name, userId, colour, x, y }]): BoardCursor => {
			const isOwn = key === room.sessionId;
			return { key, name, userId, colour, isOwn, x, y, ...(isOwn ? own.current : {}) };
		});
		setCursors(all);
	};

	useEffect(() => {
		const undo = [
			room.on('state', show),
			room.on('joined', () => setSeated(true)),
			room.on('left', () => setSeated(false)),
			room.on('cleared', () => {
				own.current = undefined;
				show();
			}),
		];
		return () => {
			for (const one of undo) one();
			room.close();
		};
	}, [room]);

	const tell = useMemo(() => gathered((place: Place) => room.send('move', place)), [room]);
	return {
		cursors,
		isSeated,
		move(place) {
			own.current = place;
			show();
			tell(place);
		},
		async clear() {
			await room.request('clear', {});
		},
	};
}
