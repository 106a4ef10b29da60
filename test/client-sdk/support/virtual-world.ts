import type { Environment, SocketLike, Surroundings } from '../../../client-sdk/src/environment.ts';

interface Timer {
	readonly at: number;
	readonly order: number;
	readonly run: () => void;
}

/** Time, chance, network and screen of one device, all of it moved by the test. */
export class VirtualWorld {
	/** True time. */
	now = 1_700_000_000_000;
	/** Timers of the device come this much late, as in a page in the background. */
	timersLateMs = 0;
	isNetworkUp = true;
	isVisible = true;
	/** What the next random numbers are; when it is used up they follow from the seed. */
	randoms: number[] = [];
	seed = 1;
	openSocket: (url: string) => SocketLike = () => {
		throw new Error('this world has no server');
	};
	readonly #timers = new Map<number, Timer>();
	readonly #watchers = new Set<Surroundings>();
	#order = 0;
	#clockErrorMs = 0;

	/** What the device takes for the time. */
	get deviceNow(): number {
		return this.now + this.#clockErrorMs;
	}

	/** Somebody sets the device's clock, ahead or back. */
	setClock(byMs: number): void {
		this.#clockErrorMs += byMs;
	}

	setTimeout(run: () => void, ms: number): number {
		const order = ++this.#order;
		this.#timers.set(order, { at: this.now + Math.max(0, ms), order, run });
		return order;
	}

	/** A timer of the device. */
	deviceTimeout(run: () => void, ms: number): number {
		return this.setTimeout(run, ms + this.timersLateMs);
	}

	clearTimeout(timer: unknown): void {
		this.#timers.delete(timer as number);
	}

	random(): number {
		const next = this.randoms.shift();
		if (next !== undefined) return next;
		this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
		return this.seed / 2 ** 32;
	}

	/** Lets `ms` pass, running all that is due on the way, in order. */
	async advance(ms: number): Promise<void> {
		const end = this.now + ms;
		await settled();
		for (let next = this.#next(end); next; next = this.#next(end)) {
			this.#timers.delete(next.order);
			this.now = Math.max(this.now, next.at);
			next.run();
			await settled();
		}
		this.now = end;
	}

	/** Time that passes while the device sleeps: nothing runs, all is late. */
	sleep(ms: number): void {
		this.now += ms;
	}

	/** The device says that its network came or went. */
	network(isUp: boolean): void {
		this.isNetworkUp = isUp;
		for (const watcher of this.#watchers) isUp ? watcher.wake() : watcher.networkGone();
	}

	/** The page or app comes to the front or leaves it. */
	show(isVisible: boolean): void {
		this.isVisible = isVisible;
		for (const watcher of this.#watchers) {
			watcher.visible(isVisible);
			if (isVisible) watcher.wake();
		}
	}

	environment(): Environment {
		let ids = 0;
		return {
			now: () => this.deviceNow,
			random: () => this.random(),
			platform: 'test',
			newId: () => `id-${++ids}-${this.#order}`,
			setTimeout: (run, ms) => this.deviceTimeout(run, ms),
			clearTimeout: (timer) => this.clearTimeout(timer),
			openSocket: (url) => this.openSocket(url),
			isNetworkUp: () => this.isNetworkUp,
			isVisible: () => this.isVisible,
			watch: (watcher) => {
				this.#watchers.add(watcher);
				return () => this.#watchers.delete(watcher);
			},
		};
	}

	#next(end: number): Timer | undefined {
		let next: Timer | undefined;
		for (const timer of this.#timers.values()) {
			if (timer.at > end) continue;
			if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) {
				next = timer;
			}
		}
		return next;
	}
}

/** All microtasks have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
