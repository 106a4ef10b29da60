import type { EventMeta, Shown } from '../../src/core/actor-kind.ts';
import type { Collection, Reads, RowWrite } from '../../src/core/store.ts';
import { splitKey } from '../../src/protocol/ids.ts';
import { NODES } from '../../src/protocol/institution-nodes.ts';
import type { InstitutionEvent } from './institution-events.ts';
import type { InstitutionState } from './institution-state.ts';
import { circuitOf, gateOf, infoOf } from './standing.ts';

const BY_INSTITUTION = { column: 'institution', kind: 'institution' };

/**
 * What became of each circuit, and by whom: {institution, circuit, generation, health, at, reason, by?,
 * node?}. Orders of operators are among it.
 */
const CIRCUIT_TURNS: Collection = {
	name: 'circuitTurns',
	key: [
		{ name: 'institution', type: 'text' },
		{ name: 'position', type: 'int' },
	],
	actor: BY_INSTITUTION,
	datedBy: 'at',
};

/** Every collection that institutions write. */
export const INSTITUTION_COLLECTIONS = [CIRCUIT_TURNS] as const;

const TURNS_SHOWN = 50;

/** The last turns of a circuit, the newest first. */
export async function lastTurns(id: string, reads: Reads) {
	const { rows } = await reads.page({
		collection: CIRCUIT_TURNS.name,
		prefix: [id],
		descending: true,
		limit: TURNS_SHOWN,
	});
	return rows.map(({ key, doc }) => ({ position: key[1], ...doc }));
}

/** The rows that an event writes. */
export function projectInstitution(
	{ id }: InstitutionState,
	event: InstitutionEvent,
	{ position }: EventMeta,
): readonly RowWrite[] {
	const { type } = event;
	if (type === 'reported' || type === 'permitted' || type === 'suspected') return [];
	if (type === 'counted') return [];
	const { standing, at, reason, by, node } = event.data;
	const doc = {
		...{ at, reason, circuit: circuitOf(standing), generation: standing.generation },
		health: standing.health,
		...(by === undefined ? {} : { by }),
		...(node === undefined ? {} : { node }),
	};
	return [{ op: 'put', collection: CIRCUIT_TURNS.name, key: [id, position], doc }];
}

/** What nodes hear and nobody else: names of nodes, and how calls are let through. */
const TO_NODES = [NODES];

/** What subscribers are told: nodes how to let calls through, everybody how well it is. */
export function showInstitution(event: InstitutionEvent, { key }: EventMeta): readonly Shown[] {
	const { type } = event;
	if (type === 'reported' || type === 'permitted' || type === 'suspected') return [];
	const { standing, at } = event.data;
	const circuit: Shown = { type: 'circuit', data: gateOf(standing, at), audience: TO_NODES };
	const health: Shown = {
		type: 'health',
		data: infoOf(splitKey(key).id, standing),
		audience: 'all',
	};
	// While it is under maintenance, what is told may be that it takes longer than expected.
	if (type === 'told') return standing.expectedAt === 0 ? [circuit] : [circuit, health];
	return type === 'turned' || type === 'ensured' ? [circuit, health] : [health];
}
