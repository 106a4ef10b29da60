import type { Runtime } from '../core/runtime.ts';

/** Goes through many in slices, so that the loop may breathe in between. Begun again, it starts over. */
export class Slices<T> {
	readonly #runtime: Pick<Runtime, 'defer'>;
	readonly #length: number;
	readonly #take: (some: readonly T[]) => void;
	#all: readonly T[] = [];
	#next = 0;
	#isUnderWay = false;

	/** `take` gets up to `length` at a time. */
	constructor(
		runtime: Pick<Runtime, 'defer'>,
		{ length, take }: { readonly length: number; readonly take: (some: readonly T[]) => void },
	) {
		this.#runtime = runtime;
		this.#length = length;
		this.#take = take;
	}

	get isUnderWay(): boolean {
		return this.#isUnderWay;
	}

	begin(all: readonly T[]): void {
		this.#all = all;
		this.#next = 0;
		if (this.#isUnderWay) return;
		this.#isUnderWay = true;
		this.#later();
	}

	/** Forgets those who are left. */
	stop(): void {
		this.#all = [];
	}

	#later(): void {
		this.#runtime.defer(() => {
			const some = this.#all.slice(this.#next, this.#next + this.#length);
			this.#next += this.#length;
			if (some.length > 0) this.#take(some);
			if (this.#next < this.#all.length) this.#later();
			else {
				this.#isUnderWay = false;
				this.#all = [];
			}
		});
	}
}
