import type { CommitRecord, Journal, JournalWrite, Outcome } from '../../src/core/journal.ts';
import { REQUESTS, type Store } from '../../src/core/store.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { Resume } from '../../src/protocol/wire.ts';
import { hooked } from '../support/hooked.ts';
import type { ActorTruth } from './truth.ts';

/** Takes one rule of the design out, in the ports around the very host of production. */
export interface Sabotage {
	/** The data that all nodes share. */
	readonly disk?: (journal: Journal) => Journal;
	/** One node's way to it. */
	readonly journal?: (journal: Journal) => Journal;
	readonly store?: (store: Store) => Store;
	readonly resume?: (resume: Resume, truth: ActorTruth) => Resume;
}

export const NO_SABOTAGE: Sabotage = {};

/** Commits count as landed before they are: answers and events leave at the start of the commit. */
const toldBeforeDurable: Sabotage = {
	journal: (journal) =>
		hooked(journal, {
			append: async (run, writes) => {
				run().catch(() => {});
				return writes.map(() => 'landed' as const);
			},
		}),
};

/** No unique index: a second record gets in at the same place. */
const noUniqueIndex: Sabotage = {
	disk: (journal) =>
		hooked(journal, {
			append: async (run, writes) => {
				const outcomes = await run();
				return Promise.all(writes.map((write, index) => letIn(journal, write, outcomes[index])));
			},
		}),
};

async function letIn(
	journal: Journal,
	{ record }: JournalWrite,
	outcome: Outcome = 'unknown',
): Promise<Outcome> {
	if (outcome !== 'fenced') return outcome;
	const head = await journal.head(record.actor);
	const commit = (head?.commit ?? 0) + 1;
	await journal.append([{ record: { ...record, commit } }]);
	return 'landed';
}

/** Neither journal nor store remember which requests took effect; a host does, while it lives. */
const requestsForgotten: Sabotage = {
	journal: (journal) =>
		hooked(journal, {
			read: async (run) => {
				const { records, more } = await run();
				return { records: records.map((record) => ({ ...record, requests: [] })), more };
			},
		}),
	store: (store) =>
		hooked(store, {
			get: (run, collection) => (collection === REQUESTS.name ? Promise.resolve(undefined) : run()),
		}),
};

/** An activation that is only imagined: the owner serves, and an earlier one can still write. */
const activationUnwritten: Sabotage = {
	journal: (journal) => {
		const imagined = new Map<ActorKey, CommitRecord>();
		const real = ({ record, ...more }: JournalWrite): JournalWrite =>
			imagined.get(record.actor)?.writer === record.writer
				? { record: { ...record, commit: record.commit - 1 }, ...more }
				: { record, ...more };
		return hooked(journal, {
			append: async (_, writes) => {
				const real_ = writes.filter(({ record }) => record.events.length > 0);
				for (const { record } of writes) {
					if (record.events.length === 0) imagined.set(record.actor, record);
				}
				const outcomes = real_.length === 0 ? [] : await journal.append(real_.map(real));
				return writes.map((write) => {
					const index = real_.indexOf(write);
					return index < 0 ? 'landed' : (outcomes[index] ?? 'unknown');
				});
			},
			read: async (run, actor) => {
				const { records, more } = await run();
				const record = imagined.get(actor);
				const isNext = record !== undefined && (records.at(-1)?.commit ?? 0) < record.commit;
				return { records: !more && isNext ? [...records, record] : records, more };
			},
		});
	},
};

/** A record at the number counts as success, whoever wrote it. */
const anyDuplicateIsSuccess: Sabotage = {
	disk: (journal) =>
		hooked(journal, {
			append: async (run) => {
				const outcomes = await run();
				return outcomes.map((outcome) => (outcome === 'fenced' ? 'landed' : outcome));
			},
		}),
};

/** A resume is believed by its position alone. */
const resumeByNumber: Sabotage = {
	resume: ([position], truth) => {
		const record = truth.records.find((one) => one.events.length > 0 && one.position >= position);
		return [position, position === 0 ? '' : (record?.writer ?? '')];
	},
};

/** Wake rows go whoever asks for it. */
const wakeRowsUnfenced: Sabotage = {
	disk: (journal) =>
		hooked(journal, {
			setWake: (run, actor, due) =>
				due === undefined ? journal.setWake(actor, due, Number.MAX_SAFE_INTEGER) : run(),
		}),
};

export const SABOTAGES = {
	'answers and events leave before the commit has landed': toldBeforeDurable,
	'the journal has no unique index': noUniqueIndex,
	'request ids are forgotten': requestsForgotten,
	'activation writes nothing': activationUnwritten,
	'a duplicate is success, whoever wrote it': anyDuplicateIsSuccess,
	'a resume goes by its number alone': resumeByNumber,
	'a deposed owner removes wake rows': wakeRowsUnfenced,
} as const;
