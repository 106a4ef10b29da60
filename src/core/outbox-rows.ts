import {
	type DomainEvent,
	type DomainEventContract,
	latestVersion,
} from '../protocol/domain-events.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { ActorEvent, ActorKind, EventMeta } from './actor-kind.ts';
import { EventRefusedError } from './event-feed.ts';
import type { Collection, Row, RowWrite } from './store.ts';

/**
 * Domain events that have not left, by whom and where they come from: { source, type, version, at, data }.
 * Written with the other rows of their event, so that a crash loses neither, and dropped when they have
 * left. `unsent` passes over what is dropped and remembered.
 */
export const OUTBOX: Collection = {
	name: 'outbox',
	key: [
		{ name: 'actor', type: 'text' },
		{ name: 'position', type: 'int' },
		{ name: 'index', type: 'int' },
	],
	indexes: [{ name: 'unsent', fields: [{ name: 'source', type: 'text' }] }],
	actor: { column: 'actor' },
};

/** An event and where it stands. */
export interface Happened {
	readonly event: ActorEvent;
	readonly meta: EventMeta;
}

const NOTHING: readonly RowWrite[] = [];

/** All rows that an event writes; those of the outbox are the last. */
export function rowsOf(
	kind: ActorKind,
	state: unknown,
	{ event, meta }: Happened,
): readonly RowWrite[] {
	const rows = kind.project?.(state, event, meta) ?? NOTHING;
	if (kind.publishing === undefined) return rows;
	const { contract, eventsOf } = kind.publishing;
	const leaving = eventsOf(event, meta);
	if (leaving.length === 0) return rows;
	const { key, position, at } = meta;
	const outbox = leaving.map(({ type, data }, index): RowWrite => {
		const version = latestVersion(contract, type);
		const doc = { source: key, type, version, at, data };
		return { op: 'put', collection: OUTBOX.name, key: [key, position, index], doc };
	});
	return [...rows, ...outbox];
}

/** The kind where nothing leaves: it writes no rows that nobody would send. */
export const withoutPublishing = (kind: ActorKind): ActorKind =>
	Object.create(kind, { publishing: { value: undefined } });

/** When the first domain event among the rows of an event happened; `undefined`: there is none. */
export function leavesAt(rows: readonly RowWrite[]): number | undefined {
	const last = rows.at(-1);
	if (last?.collection !== OUTBOX.name || last.op === 'drop') return undefined;
	return last.doc.at as number;
}

/**
 * A row as the event that leaves: nothing that its contract does not name. Throws
 * {@link EventRefusedError} where it is not of the contract's shape.
 */
export function eventOf({ key, doc }: Row, contract: DomainEventContract): DomainEvent {
	const [actor, position, index] = key as [ActorKey, number, number];
	const { type, version, at, data } = doc as unknown as DomainEvent;
	const id = `${actor}:${position}:${index}`;
	const schema = contract[type]?.[version];
	if (schema === undefined) throw new EventRefusedError(`${id}: no version ${version} of ${type}`);
	const checked = schema.safeParse(data);
	if (!checked.success) {
		const where = checked.error.issues.map(({ path }) => path.join('.')).join(', ');
		throw new EventRefusedError(`${id} is no ${type} of version ${version}: ${where}`);
	}
	return {
		id,
		actor,
		position,
		index,
		type,
		version,
		at,
		data: checked.data as DomainEvent['data'],
	};
}
