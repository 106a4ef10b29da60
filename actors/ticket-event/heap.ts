/** A binary heap: whatever comes first by `isBefore` is on top. */
export class Heap<Item> {
	readonly #isBefore: (one: Item, other: Item) => boolean;
	#items: Item[];

	/** Takes over items that are in order. */
	constructor(isBefore: (one: Item, other: Item) => boolean, sorted: Item[] = []) {
		this.#isBefore = isBefore;
		this.#items = sorted;
	}

	/** Items as they lie: behind the one at n come those at 2n + 1 and 2n + 2, never before it. */
	get items(): readonly Item[] {
		return this.#items;
	}

	push(item: Item): void {
		const items = this.#items;
		let place = items.push(item) - 1;
		while (place > 0) {
			const parent = (place - 1) >> 1;
			const above = items[parent] as Item;
			if (!this.#isBefore(item, above)) break;
			items[place] = above;
			place = parent;
		}
		items[place] = item;
	}

	/** Takes the top out. */
	pop(): Item | undefined {
		const items = this.#items;
		const [top] = items;
		const last = items.pop();
		if (last !== undefined && items.length > 0) this.#sink(last);
		return top;
	}

	#sink(item: Item): void {
		const items = this.#items;
		let place = 0;
		for (;;) {
			const child = this.#firstBelow(place);
			const below = items[child];
			if (below === undefined || !this.#isBefore(below, item)) break;
			items[place] = below;
			place = child;
		}
		items[place] = item;
	}

	#firstBelow(place: number): number {
		const left = 2 * place + 1;
		const right = left + 1;
		if (right >= this.#items.length) return left;
		const [one, other] = [this.#items[left] as Item, this.#items[right] as Item];
		return this.#isBefore(other, one) ? right : left;
	}
}
