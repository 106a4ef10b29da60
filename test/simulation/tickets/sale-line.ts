import type { TicketEvent } from '../../../actors/ticket-event/ticket-event-events.ts';

/** The line as it has to be: who came, in order, without those who left or had their turn (T2). */
export class SaleLine {
	readonly #waiting: string[] = [];
	/** Who missed a turn and came back, in order of coming: next, before all others. */
	readonly #returning: string[] = [];
	readonly #turns = new Set<string>();
	readonly #complain: (what: string) => void;

	constructor(complain: (what: string) => void) {
		this.#complain = complain;
	}

	/** Takes in what happened; turns have to be those of the first. */
	follow(event: TicketEvent): void {
		switch (event.type) {
			case 'arrived':
				for (const userId of event.data.users) this.#come(userId, this.#waiting);
				for (const userId of event.data.returned) this.#come(userId, this.#returning);
				break;
			case 'turned':
				this.#turned(event.data);
				break;
			case 'turnsMissed':
				for (const userId of event.data.users) this.#turns.delete(userId);
				break;
			case 'admitted':
				this.#admitted(event.data.users);
				break;
			case 'visitEnded':
				this.#turns.delete(event.data.userId);
				break;
			case 'queueLeft':
				this.#left(event.data);
				break;
			case 'soldOut':
			case 'closed':
				this.#waiting.length = 0;
				this.#returning.length = 0;
				break;
			default:
		}
	}

	#turned({ users, returned }: { users: readonly string[]; returned: readonly string[] }): void {
		this.#turn(returned, this.#returning);
		const isOvertaken = this.#returning.length > 0 && users.length > 0;
		if (isOvertaken) this.#complain('somebody who came back was overtaken');
		this.#turn(users, this.#waiting);
	}

	#admitted(users: readonly (readonly [userId: string, admission: string])[]): void {
		for (const [userId] of users) {
			if (!this.#turns.delete(userId)) this.#complain(`${userId} is let in without a turn`);
		}
	}

	#left({ userId, returning }: { userId: string; returning: boolean }): void {
		const line = returning ? this.#returning : this.#waiting;
		const at = line.indexOf(userId);
		if (at < 0) this.#complain(`${userId} leaves a line without being in it`);
		else line.splice(at, 1);
	}

	#come(userId: string, line: string[]): void {
		const isThere = [...this.#waiting, ...this.#returning, ...this.#turns].includes(userId);
		if (isThere) this.#complain(`${userId} has two places`);
		line.push(userId);
	}

	#turn(users: readonly string[], line: string[]): void {
		const first = line.splice(0, users.length);
		if (first.join() !== users.join()) {
			this.#complain(`a turn for ${users.join()}, before ${first.join()}`);
		}
		for (const userId of users) this.#turns.add(userId);
	}
}
