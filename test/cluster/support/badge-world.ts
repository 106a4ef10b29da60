import { MemoryBus, type MemoryRelay } from '../../../src/adapters/memory/memory-relay.ts';
import type { NodeId } from '../../../src/cluster/directory.ts';
import type { Membership } from '../../../src/cluster/ports.ts';
import { RowRelay } from '../../../src/cluster/row-relay.ts';
import { SILENT } from '../../../src/core/log.ts';
import {
	type ChannelsService,
	channelsService,
} from '../../../src/gateway/services/channels-service.ts';
import { ChannelWorld } from '../../support/channel-world.ts';

type Change = Parameters<Parameters<Membership['onChange']>[0]>[0];

/** One node: its part in the telling of rows, and its service of lists and badges. */
export interface BadgeNode {
	readonly id: NodeId;
	readonly relay: MemoryRelay;
	readonly rows: RowRelay;
	readonly service: ChannelsService;
	session(userId: string, deviceId?: string): ReturnType<ChannelWorld['session']>;
}

/** Nodes over one store; one of them projects what is decided. */
export class BadgeWorld {
	readonly channels = new ChannelWorld();
	readonly runtime = this.channels.runtime;
	readonly bus = new MemoryBus({ runtime: this.runtime });
	/** The owner of all channels. */
	projecting: NodeId = '1';
	readonly #onChange = new Set<(change: Change) => void>();

	node(id: NodeId): BadgeNode {
		const { channels, runtime } = this;
		const relay = this.bus.relay(id);
		const rows = new RowRelay({
			self: id,
			feed: {
				onRows: (listener) =>
					channels.onRows((projected) => {
						if (this.projecting === id) listener(projected);
					}),
			},
			reads: channels,
			relay,
			membership: {
				onChange: (listener) => {
					this.#onChange.add(listener);
					return () => this.#onChange.delete(listener);
				},
			},
			runtime,
			log: SILENT,
			subjects: 's',
		});
		const settle = () => (this.projecting === id ? channels.project() : Promise.resolve());
		const service = channelsService({ reads: channels, feed: rows, settle, runtime });
		const session: BadgeNode['session'] = (userId, deviceId = `phone${id}`) =>
			channels.session(userId, deviceId, service);
		return { id, relay, rows, service, session };
	}

	/** A node has gone. */
	gone(id: NodeId): void {
		for (const listener of this.#onChange) listener({ joined: [], gone: [id] });
	}

	/** Something is decided in a channel and projected by its owner. */
	async act(...args: Parameters<ChannelWorld['act']>): Promise<void> {
		await this.channels.act(...args);
		await this.channels.project();
	}

	pass(ms: number): Promise<void> {
		return this.runtime.advance(ms);
	}
}
