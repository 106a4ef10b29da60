import type { InstitutionInfo } from '../../../client-sdk/src/index.ts';
import type { NaruClient } from '../client.ts';

const PAGE_MAX = 200;
const PREFIX = 'institution/';

/** One institution in a line; figures are absent while nobody owns its actor. */
export interface InstitutionLine {
	readonly info: InstitutionInfo;
	readonly figures: Readonly<Record<string, unknown>>;
}

/** What the owners say of institutions, by id. A node that does not answer leaves its own out. */
async function figuresOf({ ops }: NaruClient): Promise<ReadonlyMap<string, object>> {
	const { nodes } = await ops.nodes({ limit: PAGE_MAX });
	const pages = await Promise.all(
		nodes.map(({ id }) =>
			ops.actors({ node: id, prefix: PREFIX, limit: PAGE_MAX }).catch(() => ({ actors: [] })),
		),
	);
	const actors = pages.flatMap((page) => page.actors);
	return new Map(actors.map(({ key, figures }) => [key.slice(PREFIX.length), figures]));
}

/** All institutions: one question for the list, and one to each node for its figures. */
export async function institutionLines(naru: NaruClient): Promise<readonly InstitutionLine[]> {
	const [{ institutions }, figures] = await Promise.all([
		naru.assets.institutions(),
		figuresOf(naru),
	]);
	return institutions.map((info) => ({ info, figures: { ...figures.get(info.id) } }));
}
