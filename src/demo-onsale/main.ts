/**
 * `npm run demo:onsale`: a sale that opens in 30 s on a running node, and thousands of buyers who rush in
 * beside you. Shows each second how it goes, and counts at the end.
 */
import { Crowd } from './crowd.ts';
import { socketsMax } from './descriptors.ts';
import { type OnsaleOptions, OptionError, readOptions } from './options.ts';
import { hallOf, salePlan } from './sale-plan.ts';
import { type SaleReport, ServerCalls, ServerError } from './server-calls.ts';
import { type LedgerRow, summarise } from './summary.ts';

const EVERY_MS = 1_000;
/** Payments that came late are settled by then. */
const SETTLE_MS = 3_000;
/** What the server gives one address unless it is told otherwise. */
const SOCKETS_PER_ADDRESS = 20_000;

const say = (line: string) => process.stdout.write(`${line}\n`);
const number = (value: number) => value.toLocaleString('en');
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** As many buyers as this machine and the server take. */
function buyersOf({ buyers }: OnsaleOptions): number {
	const max = socketsMax() ?? buyers;
	if (buyers > max) {
		say(`only ${number(max)} buyers: this process may open no more sockets (see ulimit -n)`);
	}
	if (Math.min(buyers, max) > SOCKETS_PER_ADDRESS) {
		say('so many sockets of one address need SOCKETS_PER_ADDRESS_MAX on the server (.env.example)');
	}
	return Math.min(buyers, max);
}

/** Where the simulator of payments is: named, or as the node says it. */
async function ledgerUrl({ ledger, url }: OnsaleOptions): Promise<string | undefined> {
	if (ledger !== undefined) return ledger;
	try {
		const simulators = await fetch(`${url}/api/v1/dev/simulators`);
		return ((await simulators.json()) as { payment?: string }).payment;
	} catch {
		return undefined;
	}
}

async function ledgerOf(url: string | undefined, eventId: string) {
	if (url === undefined) return undefined;
	try {
		const rows = (await (await fetch(`${url}/ledger`)).json()) as LedgerRow[];
		return rows.filter(({ orderId }) => orderId.startsWith(`${eventId}:`));
	} catch {
		say(`the ledger at ${url} cannot be read`);
		return undefined;
	}
}

function progressLine(report: SaleReport, { crowd, opensAt }: { crowd: Crowd; opensAt: number }) {
	const at = Math.round((Date.now() - opensAt) / 1_000);
	const parts = [
		`${at < 0 ? '' : '+'}${at} s`.padStart(6),
		report.state.padEnd(9),
		`waiting ${number(report.waiting)}`.padEnd(14),
		`inside ${number(report.inside)}`.padEnd(11),
		`sold ${number(report.sold)}/${number(report.capacity)}`.padEnd(18),
		`wait p50 ${(report.waitP50Ms / 1_000).toFixed(1)} s`.padEnd(16),
		`sockets ${number(crowd.connected)}`,
	];
	return parts.join(' ');
}

/** Shows how it goes until everybody has gone. */
async function follow(calls: ServerCalls, crowd: Crowd, sale: { id: string; opensAt: number }) {
	let isOver = false;
	const gone = crowd.run().finally(() => {
		isOver = true;
	});
	let limited = 0;
	while (!isOver) {
		await Promise.race([gone, wait(EVERY_MS)]);
		const report = await calls.report(sale.id).catch(() => undefined);
		if (report) say(progressLine(report, { crowd, opensAt: sale.opensAt }));
		if (limited === 0 && calls.limited > 0) {
			say(
				'the server limits requests of one address: more with REQUESTS_PER_ADDRESS_MAX (.env.example)',
			);
		}
		limited = calls.limited;
	}
	await gone;
	await wait(SETTLE_MS);
}

async function run(options: OnsaleOptions): Promise<boolean> {
	const { url, seats, seconds } = options;
	const buyers = buyersOf(options);
	const plan = salePlan({ seats, buyers });
	const calls = new ServerCalls(url);
	const id = `onsale-${Date.now().toString(36)}`;
	const opensAt = Date.now() + seconds * 1_000;
	await calls.createEvent({
		id,
		title: `Naru Night, ${number(seats)} seats`,
		opensAt,
		currency: 'KRW',
		seats: hallOf(seats),
		maxPerUser: 3,
		pickSeconds: 300,
		paySeconds: 180,
		admission: plan.admission,
	});
	say(`the sale opens in ${seconds} s: go there, you join by yourself`);
	say(`page       ${url}/#/tickets/${id}`);
	say(`buyers     ${number(buyers)}, of whom ${number(plan.early)} wait at the door`);
	const token = (userId: string) => calls.token(userId);
	const { early, rushSeconds } = plan;
	const crowd = new Crowd({ url, eventId: id, buyers, early, opensAt, rushSeconds, token });
	await follow(calls, crowd, { id, opensAt });
	const report = await calls.report(id);
	const ledger = await ledgerOf(await ledgerUrl(options), id);
	const { lines, isRight } = summarise({ results: crowd.results, report, ledger });
	say('');
	for (const line of lines) say(line);
	return isRight;
}

try {
	const isRight = await run(readOptions(process.argv.slice(2)));
	process.exit(isRight ? 0 : 1);
} catch (error) {
	const isKnown = [OptionError, ServerError].some((known) => error instanceof known);
	if (!isKnown) throw error;
	process.stderr.write(`demo:onsale: ${(error as Error).message}\n`);
	process.exit(1);
}
