import type { ActorKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { GatewayContext } from './gateway-context.ts';
import { Stream } from './stream.ts';

/** However many streams there are, a ring may hold this much. */
const RING_BYTES_MIN = 16 * 1024;
/** Streams without handles that stay subscribed; beyond, the oldest goes at once. */
const LINGERING_MAX = 10_000;

/** The actors that this edge serves. */
export class Streams {
	readonly #context: GatewayContext;
	readonly #byKey = new Map<ActorKey, Stream>();
	/** Streams without handles, oldest first, with the time when they end. */
	readonly #lingering = new Map<Stream, number>();
	readonly #windows = new Map<string, number>();

	constructor(context: GatewayContext) {
		this.#context = context;
	}

	get size(): number {
		return this.#byKey.size;
	}

	/** What one ring may hold now, so that all together stay within their bound. */
	get ringBytesMax(): number {
		const { ringBytesMax, ringsBytesMax } = this.#context.limits;
		const share = ringsBytesMax / this.#byKey.size;
		return Math.max(Math.min(ringBytesMax, share), Math.min(ringBytesMax, RING_BYTES_MIN));
	}

	find(key: ActorKey): Stream | undefined {
		return this.#byKey.get(key);
	}

	/** The stream of an actor, for a new handle. */
	attach(key: ActorKey, contract: KindContract): Stream {
		let stream = this.#byKey.get(key);
		if (stream === undefined) {
			stream = new Stream(this.#context, key, contract);
			stream.flushWindowMs = this.#windows.get(key) ?? this.#windows.get(contract.kind) ?? 0;
			this.#byKey.set(key, stream);
		}
		this.#lingering.delete(stream);
		stream.attach();
		return stream;
	}

	/** Lets data of a kind, or of one actor, wait up to `windowMs` so that sockets are written less. */
	setFlushWindow(name: string, windowMs: number): void {
		if (windowMs === 0) this.#windows.delete(name);
		else this.#windows.set(name, windowMs);
		for (const stream of this.#byKey.values()) {
			if (stream.key === name || stream.contract.kind === name) stream.flushWindowMs = windowMs;
		}
	}

	/** The stream's last handle is gone. */
	idle(stream: Stream): void {
		const { limits, runtime } = this.#context;
		this.#lingering.set(stream, runtime.monotonic() + limits.lingerMs);
		if (this.#lingering.size > LINGERING_MAX) this.#dropOldest(Number.POSITIVE_INFINITY);
	}

	/** Ends streams that nobody has come back to. */
	sweep(now: number): void {
		while (this.#dropOldest(now));
	}

	/** Ends all subscriptions. */
	dropAll(): void {
		this.sweep(Number.POSITIVE_INFINITY);
	}

	#dropOldest(now: number): boolean {
		for (const [stream, until] of this.#lingering) {
			if (until > now) return false;
			this.#lingering.delete(stream);
			this.#byKey.delete(stream.key);
			stream.drop();
			return true;
		}
		return false;
	}
}
