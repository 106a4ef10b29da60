/** What a stop could not write. Nobody was told that any of it was done, or the journal has it. */
export interface Unwritten {
	/** Actors with commands that were not decided, or with a last commit of unknown outcome. */
	readonly actors: number;
	/** Events that the journal has and the read side lacks: the next owners bring them there. */
	readonly events: number;
}

/** For whoever stopped the process: one line. */
export function unwrittenInWords({ actors, events }: Unwritten): string {
	const unheard = `${actors} actors had commands that nobody was told to be done`;
	const unread = `${events} events of the journal are for the next owners to bring to the read side`;
	return `a store did not answer: ${unheard}, ${unread}`;
}

export const NOTHING_UNWRITTEN: Unwritten = { actors: 0, events: 0 };
