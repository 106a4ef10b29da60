/** What a stop could not write. Nobody was told that any of it was done, or the journal has it. */
export interface Unwritten {
	/** Actors with commands that were not decided, or with a last commit of unknown outcome. */
	readonly actors: number;
	/** Events that the journal has and the read side lacks: the next owners bring them there. */
	readonly events: number;
}

export const NOTHING_UNWRITTEN: Unwritten = { actors: 0, events: 0 };
