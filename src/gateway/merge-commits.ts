import type { Publication, Told } from '../core/actor-port.ts';

/** Events in one, about. */
const EVENTS_MAX = 128;

/**
 * Commits of one writer that follow each other as one, so that many that were missed cost few frames for
 * however many readers.
 */
export function mergeCommits(commits: readonly Publication[]): readonly Publication[] {
	const merged: (Publication & { readonly told: Told[] })[] = [];
	for (const { position, writer, told } of commits) {
		const last = merged.at(-1);
		if (last === undefined || last.writer !== writer || last.told.length >= EVENTS_MAX) {
			merged.push({ position, writer, told: [...told] });
		} else {
			last.told.push(...told);
			merged[merged.length - 1] = { ...last, position };
		}
	}
	return merged;
}
