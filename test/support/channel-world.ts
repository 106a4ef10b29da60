import { expect } from 'vitest';
import { channelKind } from '../../actors/channel/channel-kind.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { ProjectionFeed } from '../../src/core/projector.ts';
import type { Page, PageQuery, Reads, Row, RowWrite } from '../../src/core/store.ts';
import type { Service } from '../../src/gateway/ports.ts';
import { channelsService } from '../../src/gateway/services/channels-service.ts';
import { channelsContract } from '../../src/protocol/user.ts';
import type { WireEvent } from '../../src/protocol/wire.ts';
import type { ChannelActor } from './channel-actor.ts';
import { openService } from './open-service.ts';
import { PureActor } from './pure-actor.ts';
import { VirtualRuntime } from './virtual-runtime.ts';

/** Channels on one store with the service over it; projected when told, or when a list settles. */
export class ChannelWorld implements ProjectionFeed, Reads {
	readonly runtime = new VirtualRuntime();
	readonly store = new MemoryStore(channelKind.collections);
	/** Reads that were made. */
	reads = 0;
	/** Set: reads wait for it, or fail with it. */
	gate: Promise<void> | undefined;
	/** Set: what settles waits for it, too. */
	settling: Promise<void> | undefined;
	/** Set: only reads of this collection do. */
	gated: string | undefined;
	readonly #channels = new Map<string, ChannelActor>();
	readonly #listeners = new Set<(rows: readonly RowWrite[]) => void>();

	readonly service = channelsService({
		reads: this,
		feed: this,
		runtime: this.runtime,
		settle: async () => {
			await this.settling;
			await this.project();
		},
	});

	onRows(listener: (rows: readonly RowWrite[]) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	async get(...args: Parameters<Reads['get']>): Promise<Row | undefined> {
		this.reads++;
		const row = await this.store.get(...args);
		await this.#pass(args[0]);
		return row;
	}

	async page(query: PageQuery): Promise<Page> {
		this.reads++;
		const page = await this.store.page(query);
		await this.#pass(query.collection);
		return page;
	}

	channel(id: string): ChannelActor {
		const there = this.#channels.get(id);
		if (there !== undefined) return there;
		const made = new PureActor(channelKind, id, this.store);
		made.lags = true;
		this.#channels.set(id, made);
		return made;
	}

	/** Does something in a channel, a millisecond after what was done before. */
	async act(id: string, by: string, command: string | readonly [string, object]): Promise<void> {
		const [name, args] = typeof command === 'string' ? [command, {}] : command;
		const channel = this.channel(id);
		await this.runtime.advance(1);
		channel.now = this.runtime.now();
		expect(await channel.command(by, name, args)).toMatchObject({ ok: true });
	}

	/** What was decided is projected and told to the service. */
	async project(): Promise<void> {
		for (const channel of this.#channels.values()) {
			const rows = await channel.catchUp();
			for (const listener of this.#listeners) listener(rows);
		}
	}

	/** A session of a user, at this node's service or at another's. */
	session(userId: string, deviceId = 'phone', service: Service = this.service) {
		const told: WireEvent[] = [];
		const reader = { isSlow: false };
		const connection = {
			id: `${userId}-${deviceId}`,
			identity: { userId, roles: ['user'] },
			deviceId,
		};
		const tell = (event: WireEvent) => {
			if (reader.isSlow) return false;
			const [type, data] = event;
			const schema = channelsContract.ephemerals[type as 'change' | 'gone'];
			expect(schema.parse(data)).toEqual(data);
			told.push(event);
			return true;
		};
		const session = openService(service, connection, { tell });
		const caughtUp = () => session.caughtUp?.();
		const list = async (args: object = {}, name: 'list' | 'public' = 'list') => {
			const { args: argsSchema, reply: replySchema } = channelsContract.commands[name];
			const answer = await session.command(name, argsSchema.parse(args));
			if (!answer.ok) return { code: answer.code, channels: [], next: undefined };
			return { code: 'OK', ...replySchema.parse(answer.reply) };
		};
		return { told, reader, caughtUp, list, close: () => session.close() };
	}

	async #pass(collection: string): Promise<void> {
		if (this.gated === undefined || this.gated === collection) await this.gate;
	}
}
