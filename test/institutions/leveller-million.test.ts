import { expect, test } from 'vitest';
import { Night, OneNight, people } from './leveller-world.ts';

const USERS = 1_000_000;
const MINUTES = 360;

test('[I20] [I22] [I23] 1,000,000 users over 360 minutes: even slices, below the contract, each once', async () => {
	const night = new Night({ users: people(USERS), calendar: new OneNight(MINUTES / 60) });
	night.start();
	await night.over();
	const { recordings, plan, consents } = night;
	expect(recordings.recorded.size).toBe(USERS);
	expect([...recordings.calls.values()].every((ids) => ids.length === 1)).toBe(true);
	expect(recordings.secondMax).toBeLessThanOrEqual(95);
	const minutes = [...recordings.minutes.values()];
	expect(minutes.length).toBeLessThanOrEqual(MINUTES);
	expect(Math.max(...minutes.map(({ worst }) => worst))).toBeLessThanOrEqual(1.2);
	expect(plan.state).toMatchObject({ walked: true, targets: USERS, recorded: USERS, failed: 0 });
	expect(plan.state.open.size).toBe(0);
	// A second's worth at a time, and never a minute's.
	expect(Math.max(...consents.pages)).toBeLessThanOrEqual(USERS / MINUTES / 10);
}, 120_000);
