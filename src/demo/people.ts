interface Named {
	readonly userId: string;
	readonly name?: string | undefined;
}

/** Names by user id, learned from whatever passes by: messages, members, what was typed. */
export class People {
	readonly #names = new Map<string, string>();

	learn({ userId, name }: Named): void {
		if (name) this.#names.set(userId, name);
	}

	nameOf(userId: string): string {
		return this.#names.get(userId) ?? userId;
	}
}
