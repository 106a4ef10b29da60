import type { ActorEvent, ActorKind, EventMeta } from './actor-kind.ts';
import type { Told } from './actor-port.ts';
import type { StoredEvent } from './journal.ts';

/** What subscribers are told of one event, with whose grant ends. */
export function tell(kind: ActorKind, event: ActorEvent, meta: EventMeta): Told[] {
	const revoked = kind.revokes?.(event);
	const told: Told[] = kind.show(event, meta).map(({ type, data, audience }) => ({
		position: meta.position,
		event: [type, data],
		audience,
	}));
	if (revoked === undefined || revoked.length === 0) return told;
	const last = told.pop() ?? {
		position: meta.position,
		event: ['revoked', null] as const,
		audience: [],
	};
	return [...told, { ...last, revoked }];
}

/** A stored event in its present shape. */
export function present(kind: ActorKind, event: StoredEvent): ActorEvent {
	const version = (kind.eventVersions as Record<string, number>)[event.type];
	if (version === event.version) return { type: event.type, data: event.data };
	if (kind.upcast === undefined) {
		throw new Error(`${kind.contract.kind}: cannot read ${event.type} of version ${event.version}`);
	}
	return kind.upcast(event);
}

/** Whether a user is among those who may learn of it. */
export const hears = (told: Told, userId: string) =>
	told.audience === 'all' || told.audience.includes(userId);
