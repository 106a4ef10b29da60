import type { Bank, InstitutionWorld, SimulatedCall } from './institution-world.ts';

/** A promise that was not kept. */
export interface Violation {
	readonly rule: 'rate' | 'bad node' | 'flap' | 'outage' | 'open' | 'agreement' | 'starved';
	readonly bank: string;
	readonly what: string;
}

/** Behind the beginning of an outage, calls may go so long; behind its end they go again after so long. */
const OPEN_MS = 30_000;

/** A lower rate holds for all when what was handed out before is over, owners or not. */
const LOWERED_MS = 40_000;

/** The most calls that went in any second. */
function mostInASecond(calls: readonly SimulatedCall[]): number {
	let from = 0;
	let most = 0;
	for (const [index, { at }] of calls.entries()) {
		while (at - (calls[from]?.at ?? at) >= 1_000) from++;
		most = Math.max(most, index - from + 1);
	}
	return most;
}

function judgeRate(bank: Bank, calls: readonly SimulatedCall[]): Violation[] {
	const { id, ratePerSecond, later } = bank;
	const found: Violation[] = [];
	const judge = (most: number, max: number) => {
		if (most > max) found.push({ rule: 'rate', bank: id, what: `${most} in a second` });
	};
	judge(mostInASecond(calls), ratePerSecond);
	if (later === undefined) return found;
	const behind = calls.filter(({ at }) => at > later.second * 1_000 + LOWERED_MS);
	judge(mostInASecond(behind), later.ratePerSecond);
	return found;
}

/** While it is open only two nodes try, each once in a while; a try is one call, or two. */
function judgeOutage(bank: Bank, calls: readonly SimulatedCall[], turns: readonly string[]) {
	const { id, outage } = bank;
	if (outage === undefined) return [];
	const found: Violation[] = [];
	if (!turns.includes('open')) found.push({ rule: 'outage', bank: id, what: 'it never opened' });
	if (turns.at(-1) !== 'closed') {
		found.push({ rule: 'outage', bank: id, what: `it ended ${turns.at(-1)}` });
	}
	const [from, to] = outage;
	const during = calls.filter(({ at }) => at > from * 1_000 + OPEN_MS && at < to * 1_000);
	const perSecond = during.length / (to - from - OPEN_MS / 1_000);
	if (perSecond > 3) found.push({ rule: 'open', bank: id, what: `${perSecond} calls a second` });
	return found;
}

async function judgeBank(world: InstitutionWorld, bank: Bank): Promise<Violation[]> {
	const { id } = bank;
	const calls = world.calls.get(id) ?? [];
	const turns = (await world.turns(id)).map(([circuit]) => circuit);
	const found = [...judgeRate(bank, calls), ...judgeOutage(bank, calls, turns)];
	if (bank.badNodeCallsPerSecond !== undefined && turns.length > 0) {
		found.push({ rule: 'bad node', bank: id, what: turns.join() });
	} else if (bank.outage === undefined && turns.length > 0) {
		found.push({ rule: 'flap', bank: id, what: turns.join() });
	}
	const least = (bank.later?.ratePerSecond ?? bank.ratePerSecond) * 60;
	if (id.startsWith('tight') && calls.length < least) {
		found.push({ rule: 'starved', bank: id, what: `only ${calls.length} calls` });
	}
	const standing = await world.standing(id);
	for (const name of world.nodes.keys()) {
		const version = world.gateAt(name, id)?.version;
		if (version === standing?.version) continue;
		const what = `${name} has ${version} of ${standing?.version}`;
		found.push({ rule: 'agreement', bank: id, what });
	}
	return found;
}

/** Everything that the world was promised, bank by bank. */
export async function judgeBanks(world: InstitutionWorld): Promise<Violation[]> {
	const found: Violation[] = [];
	for (const bank of world.banks) found.push(...(await judgeBank(world, bank)));
	return found;
}
