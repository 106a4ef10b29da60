import type { ActorKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { StreamHandle } from './stream-handle.ts';

export interface DormantOptions {
	readonly context: GatewayContext;
	readonly key: ActorKey;
	readonly contract: KindContract;
	/** Opens the handle at the owner. */
	readonly ask: (handle: StreamHandle) => void;
}

/**
 * Handles of a kind with `own` that wait for the actor's next event: opening them wakes nobody. While
 * there are any, the edge listens for the actor at other nodes, from before it looks at the store.
 */
export class DormantHandles {
	readonly #options: DormantOptions;
	readonly #handles = new Set<StreamHandle>();
	#stopListening: (() => void) | undefined;

	constructor(options: DormantOptions) {
		this.#options = options;
	}

	/** A look at the store says whether there is anything to open. */
	open(handle: StreamHandle): void {
		this.#add(handle);
		this.#look(handle, () => {
			handle.refuse({ code: 'UNAVAILABLE', message: 'the store does not answer' });
		});
	}

	/** Nothing was ever written: the handle is open on the empty view and waits. */
	settleEmpty(handle: StreamHandle): void {
		this.#add(handle);
		if (handle.isTold && handle.position === 0) return;
		const { emptyView: view } = this.#options.contract;
		if (!handle.isTold && handle.resume?.[0] === 0) {
			handle.resumed({ position: 0, writer: '', events: [] });
			return;
		}
		const how = handle.resume === undefined ? 'opened' : 'reset';
		handle.opened({ how, position: 0, writer: '', view });
	}

	/** The actor has come alive. */
	announced(): void {
		const handles = [...this.#handles];
		this.#handles.clear();
		this.#listen();
		for (const handle of handles) this.#options.ask(handle);
	}

	/** The handle is closed. */
	forget(handle: StreamHandle): void {
		this.#handles.delete(handle);
		this.#listen();
	}

	#add(handle: StreamHandle): void {
		this.#handles.add(handle);
		handle.state = 'dormant';
		this.#listen();
	}

	/** Looks whether more is written than the handle has; the owner is asked then. */
	#look(handle: StreamHandle, failed: () => void): void {
		const { context, key, ask } = this.#options;
		context.actors.peek(key).then((head) => {
			// Announced or closed meanwhile?
			if (!this.#handles.has(handle)) return;
			if (head === undefined) return this.settleEmpty(handle);
			if (handle.isTold && head.position <= handle.position) return;
			this.forget(handle);
			ask(handle);
		}, failed);
	}

	/** News may have been missed. What cannot be read now is looked at the next time. */
	#lookAgain(): void {
		for (const handle of this.#handles) if (handle.isTold) this.#look(handle, () => {});
	}

	/** Listens as long as anything waits. */
	#listen(): void {
		const { context, key } = this.#options;
		if (this.#handles.size === 0) {
			this.#stopListening?.();
			this.#stopListening = undefined;
			return;
		}
		this.#stopListening ??= context.announcements?.listen(key, (what) => {
			if (what === 'awake') this.announced();
			else this.#lookAgain();
		});
	}
}
