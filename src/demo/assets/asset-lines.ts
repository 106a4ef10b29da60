import type {
	AssetJob,
	AssetSnapshot,
	InstitutionInfo,
	JobStep,
} from '../../../client-sdk/src/index.ts';

/** Why a step ended whose consent was withdrawn. */
const WITHDRAWN = 'CLOSED';

/**
 * How one institution stands with this user. `new`: there is no consent; `connecting`: nothing was
 * fetched yet; `failed`: and nothing will be, unless it is tried again.
 */
export interface AssetLine {
	readonly info: InstitutionInfo;
	readonly state: 'new' | 'connecting' | 'connected' | 'failed';
	readonly snapshot: AssetSnapshot | undefined;
	/** What is under way, also for what is connected. */
	readonly running: JobStep | undefined;
	/** What went wrong last, unless something newer went well. */
	readonly failed: JobStep | undefined;
}

export interface AssetFacts {
	readonly infos: ReadonlyMap<string, InstitutionInfo>;
	readonly snapshots: ReadonlyMap<string, AssetSnapshot>;
	/** Oldest first. */
	readonly jobs: readonly Pick<AssetJob, 'startedAt' | 'steps'>[];
	/** Institutions whose consent ended while one looked on. */
	readonly withdrawn: ReadonlySet<string>;
	/** Institutions that are through, and whose snapshot is on its way. */
	readonly arriving: ReadonlySet<string>;
}

export const isRefused = ({ circuit }: InstitutionInfo): boolean =>
	circuit === 'open' || circuit === 'forced-open';

const isUnderWay = ({ state }: JobStep) => state === 'waiting' || state === 'running';

function lineOf(info: InstitutionInfo, step: JobStep | undefined, facts: AssetFacts): AssetLine {
	const snapshot = facts.snapshots.get(info.id);
	const isRunning = step !== undefined && (isUnderWay(step) || facts.arriving.has(info.id));
	const running = isRunning ? step : undefined;
	const isFailed = step?.state === 'failed' && step.code !== WITHDRAWN;
	const failed = isFailed && !facts.withdrawn.has(info.id) ? step : undefined;
	const line = { info, snapshot, running, failed };
	if (snapshot !== undefined) return { ...line, state: 'connected' };
	if (running !== undefined) return { ...line, state: 'connecting' };
	return { ...line, state: failed === undefined ? 'new' : 'failed' };
}

/** All institutions, as they were told of; of each what its newest registration says. */
export function assetLines(facts: AssetFacts): readonly AssetLine[] {
	const newest = new Map<string, JobStep>();
	for (const { steps } of facts.jobs) {
		for (const step of steps) newest.set(step.institution, step);
	}
	return [...facts.infos.values()].map((info) => lineOf(info, newest.get(info.id), facts));
}
