import {
	type IRoomCache,
	type MatchMakerDriver,
	matchMaker,
	type SortOptions,
} from '@colyseus/core';
import { RedisDriver } from '@colyseus/redis-driver';
import type { Redis } from 'ioredis';
import type { Runtime } from '../../core/runtime.ts';
import { OwnListing } from './own-listing.ts';

/** Rows of this node are written at most so often; what is said of a room meanwhile goes together. */
const WRITE_EVERY_MS = 250;
const RETRY_MS = 1_000;
/** Rows written at a time. */
const ROWS_MAX = 1_000;
/** Rooms that changed and are not written; beyond it all rows of this node are written anew. */
const CHANGED_MAX = 100_000;

type Conditions = Parameters<RedisDriver['query']>[0];

/**
 * Colyseus's listing of rooms, in Redis for all nodes. The rooms of this node stand in memory and are
 * copied there: no room waits for Redis or fails with it, and what was not written is written when it
 * is back. Questions about rooms are answered from Redis; while it is away, from this node's rooms.
 */
export class SharedListing implements MatchMakerDriver {
	readonly #redis: Redis;
	readonly #runtime: Pick<Runtime, 'after'>;
	readonly #own = new OwnListing();
	#shared: RedisDriver;
	#changed = new Set<string>();
	/** Rows of this node may stand there that it knows nothing of. */
	#isOutdated = false;
	#isDue = false;
	#isClosed = false;
	#writing: Promise<unknown> = Promise.resolve();

	/** `redis` has the prefix of this environment for its keys. */
	constructor(redis: Redis, runtime: Pick<Runtime, 'after'>) {
		this.#redis = redis;
		this.#runtime = runtime;
		this.#shared = new RedisDriver(redis);
	}

	async has(roomId: string): Promise<boolean> {
		if (this.#own.has(roomId)) return true;
		return this.#ask(
			(shared) => shared.has(roomId),
			() => false,
		);
	}

	async query(conditions: Conditions, sortOptions?: SortOptions): Promise<IRoomCache[]> {
		return this.#ask(
			(shared) => shared.query(conditions, sortOptions),
			() => Array.from(this.#own.query(conditions, sortOptions)),
		);
	}

	async findOne(conditions: Conditions, sortOptions?: SortOptions): Promise<IRoomCache> {
		const own = await this.#own.findOne(conditions, sortOptions);
		if (own !== undefined && conditions.roomId !== undefined) return own;
		return this.#ask(
			async (shared) => shared.findOne(conditions, sortOptions),
			() => own,
		);
	}

	async findByIds(roomIds: string[]): Promise<Map<string, IRoomCache>> {
		const own = await this.#own.findByIds(roomIds);
		const others = roomIds.filter((roomId) => !own.has(roomId));
		const found = await this.#ask(
			(shared) => shared.findByIds(others),
			() => new Map<string, IRoomCache>(),
		);
		return new Map([...found, ...own]);
	}

	update(room: IRoomCache, operations: Parameters<MatchMakerDriver['update']>[1]): boolean {
		this.#change(room.roomId);
		return this.#own.update(room, operations);
	}

	/** A new room of this node; there is one per id. */
	async insert(room: IRoomCache): Promise<boolean> {
		this.#change(room.roomId);
		return this.#own.insert(room);
	}

	persist(room: IRoomCache): boolean {
		this.#change(room.roomId);
		return true;
	}

	remove(roomId: string): boolean {
		const isOwn = this.#own.remove(roomId);
		if (isOwn) this.#change(roomId);
		return isOwn;
	}

	/** Takes out what a process has listed that is gone; rejects when Redis is away. */
	async cleanup(processId: string): Promise<void> {
		// When this one stops, its rooms have taken themselves out.
		if (processId !== matchMaker.processId) await this.#takeOut(processId);
	}

	/** The rows of this node were taken out: writes them again. */
	relist(): void {
		for (const { roomId } of this.#own.rooms) this.#changed.add(roomId);
		this.#write(WRITE_EVERY_MS);
	}

	/** Writes what has changed, if it goes, and ends the connection; answers whether all is written. */
	async close(): Promise<boolean> {
		this.#isClosed = true;
		await this.#writing;
		const isWritten = await this.#writeRows().then(
			() => true,
			() => false,
		);
		this.#redis.disconnect();
		return isWritten;
	}

	clear(): void {
		this.#own.clear();
	}

	/** Colyseus ends it before the last rooms are gone; {@link close} does. */
	shutdown(): void {}

	#change(roomId: string): void {
		this.#changed.add(roomId);
		if (this.#changed.size > CHANGED_MAX) {
			this.#changed.clear();
			this.#isOutdated = true;
			this.relist();
		} else this.#write(WRITE_EVERY_MS);
	}

	#write(inMs: number): void {
		if (this.#isDue || this.#isClosed) return;
		this.#isDue = true;
		this.#runtime.after(inMs, () => {
			this.#writing = this.#writeRows().then(
				() => this.#written(WRITE_EVERY_MS),
				() => this.#written(RETRY_MS),
			);
		});
	}

	#written(nextInMs: number): void {
		this.#isDue = false;
		if (this.#changed.size > 0 || this.#isOutdated) this.#write(nextInMs);
	}

	/** Rejects when not all could be written; what was not stays for the next time. */
	async #writeRows(): Promise<void> {
		if (this.#isOutdated) {
			await this.#takeOut(matchMaker.processId);
			this.#isOutdated = false;
		}
		while (this.#changed.size > 0) {
			const roomIds = [...this.#changed].slice(0, ROWS_MAX);
			for (const roomId of roomIds) this.#changed.delete(roomId);
			const rooms = await this.#own.findByIds(roomIds);
			const writes = await Promise.allSettled(
				roomIds.map((roomId) => this.#writeRow(roomId, rooms.get(roomId))),
			);
			for (const [at, { status }] of writes.entries()) {
				if (status === 'rejected') this.#changed.add(roomIds[at] ?? '');
			}
			if (writes.some(({ status }) => status === 'rejected')) throw new Error('not all is written');
		}
	}

	#writeRow(roomId: string, room: IRoomCache | undefined): Promise<boolean> {
		return room === undefined ? this.#shared.remove(roomId) : this.#shared.persist(room);
	}

	async #takeOut(processId: string): Promise<void> {
		try {
			await this.#shared.cleanup(processId);
		} catch (error) {
			this.#renew();
			throw error;
		}
	}

	async #ask<A>(question: (shared: RedisDriver) => Promise<A>, otherwise: () => A): Promise<A> {
		try {
			return await question(this.#shared);
		} catch {
			this.#renew();
			return otherwise();
		}
	}

	/** After a failure Colyseus's driver answers with that failure for ever. */
	#renew(): void {
		this.#shared = new RedisDriver(this.#redis);
	}
}
