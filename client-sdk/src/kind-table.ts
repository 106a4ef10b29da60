/** What the runtime must know of a command; the rest is types. */
export interface CommandFlags {
	readonly query?: true;
	readonly creates?: true;
	readonly requests?: 'none';
}

export interface CommandOptions {
	readonly requestId?: string | undefined;
	/** Sent in an earlier life of the app, perhaps. */
	readonly resend?: boolean | undefined;
	/** Rejects then; without it the command waits until it is answered. */
	readonly timeoutMs?: number | undefined;
	/**
	 * Told of the reply where it stands among the frames: whoever waits for the promise goes on only when
	 * all of a message was taken in, with newer news in it.
	 */
	readonly replied?: ((reply: unknown) => void) | undefined;
}

/** What the runtime must know of a kind; written by the generator. */
export interface KindTable {
	readonly kind: string;
	readonly style: 'stream' | 'seat' | 'service';
	/** There is one per user, under the user's own id. */
	readonly own: boolean;
	/** Events that carry a part of the view, under its name. */
	readonly live: readonly string[];
	readonly commands: Readonly<Record<string, CommandFlags>>;
}

/** The shapes of a kind; written by the generator. */
export interface KindTypes {
	readonly openArgs: unknown;
	readonly view: unknown;
	readonly commands: Readonly<Record<string, { readonly args: unknown; readonly reply: unknown }>>;
	readonly events: Readonly<Record<string, unknown>>;
	readonly ephemerals: Readonly<Record<string, unknown>>;
}
