import { ticketPublishing } from '../../../actors/ticket-event/publish-ticket-event.ts';
import type { TicketEvent } from '../../../actors/ticket-event/ticket-event-events.ts';
import { MemoryEventFeed } from '../../../src/adapters/memory/memory-event-feed.ts';
import type { CommitRecord } from '../../../src/core/journal.ts';
import type { Runtime } from '../../../src/core/runtime.ts';
import {
	DOMAIN_EVENTS,
	type DomainEvent,
	latestVersion,
	TICKET_DOMAIN_EVENTS,
} from '../../../src/protocol/domain-events.ts';
import { splitKey } from '../../../src/protocol/ids.ts';

/** What other services have to be told of a sale, by what the journal takes in alone (P30). */
export class SaleNews {
	/** Where the events of all nodes leave. */
	readonly feed: MemoryEventFeed;
	readonly #wanted: DomainEvent[] = [];

	constructor(runtime: Runtime) {
		this.feed = new MemoryEventFeed({ runtime });
	}

	/** The journal has taken a record in. */
	landed({ actor, position, events, at }: CommitRecord): void {
		const first = position - events.length + 1;
		for (const [n, event] of events.entries()) {
			const meta = { key: actor, id: splitKey(actor).id, position: first + n, at };
			const told = ticketPublishing.eventsOf(event as TicketEvent, meta);
			for (const [index, { type: what, data: said }] of told.entries()) {
				const version = latestVersion(TICKET_DOMAIN_EVENTS, what);
				const schema = DOMAIN_EVENTS[what]?.[version];
				const id = `${actor}:${meta.position}:${index}`;
				const place = { id, actor, position: meta.position, index };
				const data = schema?.parse(said) as DomainEvent['data'];
				this.#wanted.push({ ...place, type: what, version, at, data });
			}
		}
	}

	/** Whether as much has left as there is to be told. */
	get isTold(): boolean {
		return this.feed.events.length >= this.#wanted.length;
	}

	/** Each event once, in order, as it was when it happened; or what is not so. */
	complaint(): string | undefined {
		const [told, wanted] = [this.feed.events, this.#wanted];
		const same = (n: number) => JSON.stringify(told[n]) === JSON.stringify(wanted[n]);
		const count = Math.max(told.length, wanted.length);
		for (let n = 0; n < count; n++) {
			if (!same(n)) {
				return `told ${JSON.stringify(told[n])}, to be told ${JSON.stringify(wanted[n])}`;
			}
		}
		return undefined;
	}
}
