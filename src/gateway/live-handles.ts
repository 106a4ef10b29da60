import type { StreamHandle } from './stream-handle.ts';

const NOBODY: readonly StreamHandle[] = [];

/**
 * The handles of a stream that are up to date, in a list for broadcasts and by user for what is meant
 * for some. Most users have one handle, which then stands alone in the index.
 */
export class LiveHandles {
	readonly list: StreamHandle[] = [];
	/** Made when it is needed: most streams are inboxes in which nothing was ever written. */
	#byUser: Map<string, StreamHandle | StreamHandle[]> | undefined;

	add(handle: StreamHandle): void {
		handle.slot = this.list.length;
		this.list.push(handle);
		this.#byUser ??= new Map();
		const known = this.#byUser.get(handle.userId);
		if (known === undefined) this.#byUser.set(handle.userId, handle);
		else if (Array.isArray(known)) known.push(handle);
		else this.#byUser.set(handle.userId, [known, handle]);
	}

	/** Takes a handle out; the last of the list takes its place. */
	remove(handle: StreamHandle): void {
		const last = this.list.pop() as StreamHandle;
		if (last !== handle) {
			this.list[handle.slot] = last;
			last.slot = handle.slot;
		}
		handle.slot = -1;
		const known = this.#byUser?.get(handle.userId);
		if (known === handle) this.#byUser?.delete(handle.userId);
		else if (Array.isArray(known)) {
			const rest = known.filter((other) => other !== handle);
			this.#byUser?.set(handle.userId, rest.length === 1 ? (rest[0] as StreamHandle) : rest);
		}
	}

	hasUser(userId: string): boolean {
		return this.#byUser?.has(userId) === true;
	}

	ofUser(userId: string): readonly StreamHandle[] {
		const known = this.#byUser?.get(userId);
		if (known === undefined) return NOBODY;
		return Array.isArray(known) ? known : [known];
	}
}
