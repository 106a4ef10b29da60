/**
 * `npm run plan -- [--users N] [--week 2026-11-23] [--institution id] [--file institutions.json]`
 *
 * A dry run: prints the refresh plan of a week as a chart, for one institution or for all, and calls
 * nobody.
 */
import { parseArgs } from 'node:util';
import { readInstitutions } from '../settings.ts';
import { RefreshCalendar } from './calendar.ts';
import { refreshesPerSecond } from './leveller.ts';
import { planChart } from './plan-chart.ts';

const USERS = '1000000';

const { values } = parseArgs({
	options: {
		users: { type: 'string', default: USERS },
		week: { type: 'string' },
		institution: { type: 'string' },
		file: { type: 'string' },
	},
});
const users = Number(values.users);
const at = values.week === undefined ? Date.now() : Date.parse(values.week);
if (!(users >= 0) || Number.isNaN(at)) {
	process.stderr.write('--users is a number, --week a day of it, as 2026-11-23\n');
	process.exit(2);
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
	const calendar = new RefreshCalendar({ institution, utcOffsetMinutes });
	const perSecondMax = refreshesPerSecond(institution);
	const lines = planChart({ calendar, utcOffsetMinutes, at, users, perSecondMax });
	process.stdout.write(`${[`${institution.name} (${institution.id})`, ...lines, ''].join('\n')}\n`);
}
