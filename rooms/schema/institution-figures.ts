import { type SchemaType, schema, t } from '@colyseus/schema';

/** What operators see of a live institution. */
export const InstitutionFigures = schema(
	{
		circuit: t.string(),
		health: t.string(),
		/** Of the calls that go through. */
		percent: t.number(),
		generation: t.number(),
		/** Of the last full minute, over the whole cluster. */
		calls: t.number(),
		failureRate: t.number(),
		/** Nodes that have reported lately. */
		nodes: t.number(),
		/** Node numbers, with spaces between them. */
		canaries: t.string(),
		badNodes: t.string(),
		route: t.number(),
		/** Calls a second that may be handed out, and that are. */
		permits: t.number(),
		permitsOut: t.number(),
	},
	'InstitutionFigures',
);
export type InstitutionFigures = SchemaType<typeof InstitutionFigures>;
