/**
 * `npm run plan -- [--users N] [--week 2026-11-23] [--institution id] [--file institutions.json]
 * [--node http://127.0.0.1:2567 --token …]`
 *
 * A dry run: prints the refresh plan of a week as a chart, for one institution or for all, and calls no
 * institution. With a node, whose operators' token it needs, the plan goes by the days that were measured
 * there; without, by the settings. The chart says by which.
 */
import { parseArgs } from 'node:util';
import { INSTITUTION_ROUTES } from '../../protocol/rest-institutions.ts';
import { readInstitutions } from '../settings.ts';
import { RefreshCalendar } from './calendar.ts';
import { refreshesPerSecond } from './leveller.ts';
import type { ExpectedTraffic } from './measured-traffic.ts';
import { planChart } from './plan-chart.ts';
import { wholeRate } from './slices.ts';

const USERS = '1000000';
const ANSWER_MS_MAX = 30_000;

const { values } = parseArgs({
	options: {
		users: { type: 'string', default: USERS },
		week: { type: 'string' },
		institution: { type: 'string' },
		file: { type: 'string' },
		node: { type: 'string' },
		token: { type: 'string' },
	},
});

function giveUp(why: string): never {
	process.stderr.write(`${why}\n`);
	process.exit(2);
}

/** What a node has measured; nothing when none is named. */
async function expectedAt(institution: string): Promise<ExpectedTraffic | undefined> {
	const { node, token = '' } = values;
	if (node === undefined) return undefined;
	const { path, reply } = INSTITUTION_ROUTES.expectedOfInstitution;
	const answer = await fetch(new URL(path.replace('{id}', institution), node), {
		headers: { authorization: `Bearer ${token}` },
		signal: AbortSignal.timeout(ANSWER_MS_MAX),
	}).catch(() => giveUp(`there is no node at ${node}`));
	if (!answer.ok) giveUp(`the node answers ${answer.status}: --token has to be of an operator`);
	return reply.parse(await answer.json());
}

const users = Number(values.users);
const at = values.week === undefined ? Date.now() : Date.parse(values.week);
if (!(users >= 0) || Number.isNaN(at)) {
	giveUp('--users is a number, --week a day of it, as 2026-11-23');
}
const { all, utcOffsetMinutes } = readInstitutions({
	file: values.file,
	simulatorUrl: 'http://simulator.invalid',
	// Nobody is called, so that any secret will do.
	env: new Proxy({}, { get: () => 'not used' }),
});
const chosen = all.filter(
	({ id }) => values.institution === undefined || id === values.institution,
);
if (chosen.length === 0) process.stderr.write('there is no such institution\n');
for (const institution of chosen) {
	const expected = await expectedAt(institution.id);
	const { traffic } = institution;
	const calendar = new RefreshCalendar({
		...{ institution, utcOffsetMinutes, traffic, expected: expected?.hours },
	});
	const perSecondMax = wholeRate(refreshesPerSecond(institution));
	const lines = planChart({ calendar, utcOffsetMinutes, at, users, perSecondMax, expected });
	process.stdout.write(`${[`${institution.name} (${institution.id})`, ...lines, ''].join('\n')}\n`);
}
