import type { ChannelHandle, ChannelTypes } from './generated/channel.ts';

type ReadReply = ChannelTypes['commands']['read']['reply'];

/** Read markers of one channel: one is on its way at a time, and of those that wait the newest wins. */
export class ReadMarker {
	readonly #handle: ChannelHandle;
	#waiting = 0;
	#current: Promise<ReadReply> | undefined;
	#next: Promise<ReadReply> | undefined;

	constructor(handle: ChannelHandle) {
		this.#handle = handle;
	}

	/** Resolves when a marker of at least `seq` is stored. */
	read(seq: number): Promise<ReadReply> {
		this.#waiting = Math.max(this.#waiting, seq);
		if (!this.#current) {
			this.#current = this.#send();
			return this.#current;
		}
		this.#next ??= this.#current.then(
			() => this.#following(),
			() => this.#following(),
		);
		this.#next.catch(() => {});
		return this.#next;
	}

	#following(): Promise<ReadReply> {
		this.#next = undefined;
		this.#current = this.#send();
		return this.#current;
	}

	#send(): Promise<ReadReply> {
		const answer = this.#handle.read({ seq: this.#waiting });
		const done = () => {
			if (this.#current === answer && !this.#next) this.#current = undefined;
		};
		answer.then(done, done);
		return answer;
	}
}
