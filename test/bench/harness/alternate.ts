import type { Bench } from './row.ts';

/**
 * Runs each of the kinds in turn, again and again, so that a slow minute of the machine meets all of
 * them; answers each kind's runs. In a quick run, where nothing is compared, all at the same time.
 */
export async function alternate<Kind, Run>(
	bench: Bench,
	kinds: readonly Kind[],
	run: (kind: Kind, label: string) => Promise<Run>,
): Promise<readonly (readonly Run[])[]> {
	if (bench.quick) {
		const runs = await Promise.all(kinds.map((kind) => run(kind, 'quick run')));
		return runs.map((found) => [found]);
	}
	const runs = kinds.map((): Run[] => []);
	for (let round = 1; round <= bench.runs; round++)
		for (const [index, kind] of kinds.entries())
			runs[index]?.push(await run(kind, `run ${round}/${bench.runs}`));
	return runs;
}
