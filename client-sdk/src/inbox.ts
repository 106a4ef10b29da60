import type { Notice } from './generated/schemas.ts';
import { UserHandle, type UserTypes, userTable } from './generated/user.ts';
import { Listeners, type Undo } from './listeners.ts';
import { NaruError } from './naru-error.ts';
import type { Session } from './session.ts';

/** Notices whose ids are remembered, so that each is told once. */
const TOLD_MAX = 2_000;

type Commands = UserTypes['commands'];

export interface InboxEvents {
	/** Each waiting notice once, in order; those that wait already are told to a new listener. */
	readonly notice: Notice;
	/** Acknowledged, here or on another device, or expired. */
	readonly acked: { readonly id: string };
	readonly closed: NaruError;
}

/** The signed-in user's notices; the same on every device. */
export class Inbox {
	readonly #handle: UserHandle;
	readonly #listeners = new Listeners<InboxEvents>((type) =>
		type === 'notice' ? this.notices : undefined,
	);
	readonly #waiting = new Map<string, Notice>();
	readonly #told = new Set<string>();

	/** @internal */
	constructor(session: Session) {
		this.#handle = new UserHandle(session, {
			table: userTable,
			id: () => session.userId,
			sink: {
				opened: (view) => this.#opened(view as UserTypes['view']),
				event: (type, data) => this.#event(type, data),
				ephemeral: () => {},
				closed: (error) => this.#listeners.emit('closed', error),
			},
		});
	}

	/** Notices that wait, oldest first. */
	get notices(): readonly Notice[] {
		return [...this.#waiting.values()];
	}

	on<E extends keyof InboxEvents>(type: E, listener: (value: InboxEvents[E]) => void): Undo {
		this.#handle.want();
		return this.#listeners.on(type, listener);
	}

	async list(args: Commands['list']['args'] = {}): Promise<Commands['list']['reply']> {
		return (await unlessMissing(this.#handle.list(args))) ?? { notices: [], hasMore: false };
	}

	async ack(id: string): Promise<void> {
		await unlessMissing(this.#handle.ack({ id }));
	}

	#opened({ notices }: UserTypes['view']): void {
		const present = new Set(notices.map(({ id }) => id));
		for (const id of [...this.#waiting.keys()]) if (!present.has(id)) this.#acked(id);
		for (const notice of notices) this.#add(notice);
	}

	#event(type: string, data: unknown): void {
		if (type === 'notice') this.#add(data as Notice);
		else if (type === 'acked') this.#acked((data as { id: string }).id);
	}

	#add(notice: Notice): void {
		if (this.#told.has(notice.id)) return;
		this.#told.add(notice.id);
		if (this.#told.size > TOLD_MAX) {
			const [oldest] = this.#told;
			if (oldest !== undefined) this.#told.delete(oldest);
		}
		this.#waiting.set(notice.id, notice);
		this.#listeners.emit('notice', notice);
	}

	#acked(id: string): void {
		if (this.#waiting.delete(id)) this.#listeners.emit('acked', { id });
	}
}

/** An inbox that nobody ever wrote to is not there, which is as good as empty. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
	try {
		return await answer;
	} catch (error) {
		if (error instanceof NaruError && error.code === 'NOT_FOUND') return undefined;
		throw error;
	}
}
