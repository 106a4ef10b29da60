import { Night, OneNight, people } from '../../institutions/leveller-world.ts';
import type { Bench, BenchRow } from '../harness/row.ts';

const MINUTES = 360;
const FULL = { users: 1_000_000, crashes: 50 };
const QUICK = { users: 100_000, crashes: 10 };
/** Refreshes a second that the contract allows; shares of nodes add up to at most 95 % of it. */
const CONTRACT = 100;
const SHARED_OUT = 95;
const GAP_MS_MAX = 20_000;

interface Found {
	/** Fullest slice over the mean of its minute, and most refreshes in any second. */
	readonly worstSlice: number;
	readonly secondMax: number;
	/** Users that were not recorded, or under two ids. */
	readonly wrong: number;
	readonly repeated: number;
}

function judged({ recordings }: Night, users: number): Found {
	const calls = [...recordings.calls.values()];
	return {
		worstSlice: Math.max(...[...recordings.minutes.values()].map(({ worst }) => worst)),
		secondMax: recordings.secondMax,
		wrong: users - recordings.recorded.size + recordings.twice.size,
		repeated: calls.filter((ids) => ids.length > 1).length,
	};
}

const night = (users: number) =>
	new Night({
		users: people(users),
		calendar: new OneNight(MINUTES / 60),
		perSecondMax: SHARED_OUT,
	});

async function undisturbed(users: number): Promise<Found> {
	const one = night(users);
	one.start();
	await one.over();
	return judged(one, users);
}

/** Crashes at random moments all through the night; each is followed by another worker a while later. */
async function crashing({ users, crashes }: typeof FULL) {
	const one = night(users);
	const { clock, plan } = one;
	const apartMs = (2 * MINUTES * 60_000 * 0.9) / crashes;
	let inFlight = 0;
	one.start();
	for (let crash = 0; crash < crashes; crash++) {
		await clock.until(clock.now() + Math.floor(clock.random() * (apartMs - GAP_MS_MAX)));
		one.crash();
		inFlight += plan.state.open.size;
		await clock.until(clock.now() + Math.floor(clock.random() * GAP_MS_MAX));
		one.start();
	}
	await one.over();
	return { ...judged(one, users), inFlight };
}

async function measure({ quick, progress }: Bench) {
	const size = quick ? QUICK : FULL;
	const calm = await undisturbed(size.users);
	const hard = await crashing(size);
	progress(
		`${size.crashes} crashes: ${hard.repeated} users called again with their ids, ` +
			`${hard.inFlight} were taken up and not settled when they happened`,
	);
	const wrong =
		calm.wrong + calm.repeated + hard.wrong + Math.max(0, hard.repeated - hard.inFlight);
	return { size, calm, hard, wrong };
}

export const refreshNight: BenchRow = {
	id: 'refresh-night',
	about:
		'1,000,000 users in the 360 allowed minutes of a week, in virtual time, without and with crashes',
	async run(bench) {
		const { size, calm, hard, wrong } = await measure(bench);
		const users = size.users.toLocaleString('en-US');
		return [
			{
				name: `${users} refreshes in ${MINUTES} minutes: fullest slice over the mean of its minute`,
				unit: 'x',
				value: calm.worstSlice,
				// With fewer users a slice has so few that one more is much.
				...(bench.quick ? {} : { atMost: 1.2 }),
				missed: wrong,
			},
			{
				name: `the same, and with ${size.crashes} crashes: most in any second`,
				unit: '/s',
				value: Math.max(calm.secondMax, hard.secondMax),
				atMost: CONTRACT,
				missed: wrong,
			},
		];
	},
};
