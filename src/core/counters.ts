/** Numbers that are never given out twice, whoever asks and whatever fails. */
export interface Counters {
	/** The next number of that name, from 1; durable before it is answered. Numbers may be left out. */
	next(name: string): Promise<number>;
}
