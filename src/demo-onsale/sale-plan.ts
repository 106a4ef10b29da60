/** Seats of one row: so many that a hall is wider than deep. */
const ROW_LENGTH_MAX = 76;
const rowLength = (count: number) =>
	Math.min(ROW_LENGTH_MAX, Math.max(10, Math.ceil(Math.sqrt(count * 1.6))));

const INTERVAL_MS = 1_000;
/** Turns are given so fast that everything could be sold in this time. */
const SALE_SECONDS = 45;
/** Seats that a buyer takes on average, with those who buy nothing. */
const SEATS_PER_TURN = 1.4;
/** The door opens for so many at once; the others come later, so that you are not the last. */
const DOOR_SHARE = 0.25;

const GRADES = [
	{ grade: 'VIP', price: 165_000, until: 0.2 },
	{ grade: 'R', price: 132_000, until: 0.55 },
	{ grade: 'S', price: 99_000, until: 1 },
] as const;

/** `A` to `Z`, then `AA`, `AB` … */
function rowLetters(row: number): string {
	const letter = String.fromCharCode(65 + (row % 26));
	return row < 26 ? letter : `${rowLetters(Math.floor(row / 26) - 1)}${letter}`;
}

/** A hall of rows, in grades from the stage to the back. */
export function hallOf(count: number) {
	const length = rowLength(count);
	const rows = Math.ceil(count / length);
	return Array.from({ length: count }, (_, at) => {
		const row = Math.floor(at / length);
		const { grade, price } = GRADES.find(({ until }) => row < rows * until) ?? GRADES[2];
		return { id: `${rowLetters(row)}-${(at % length) + 1}`, grade, price };
	});
}

/** How a sale of so many seats lets so many buyers in. */
export function salePlan({ seats, buyers }: { readonly seats: number; readonly buyers: number }) {
	const batch = Math.max(1, Math.ceil(seats / SEATS_PER_TURN / SALE_SECONDS));
	return {
		/** Wait at the door before the opening. */
		early: Math.min(buyers, Math.ceil(seats * DOOR_SHARE)),
		/** The others come within this time, most of them soon. */
		rushSeconds: 20,
		admission: {
			mode: 'turnstile',
			batch,
			intervalMs: INTERVAL_MS,
			maxActive: Math.max(50, batch * 20),
			graceMs: 20_000,
		},
	};
}
