import { type SchemaType, schema, t } from '@colyseus/schema';

/** What operators see of a live channel. */
export const ChannelFigures = schema(
	{
		members: t.number(),
		online: t.number(),
		/** Number of the channel's last event. */
		position: t.number(),
		/** Number of its last message. */
		lastSeq: t.number(),
		/** Messages in the last minute. */
		temperature: t.number(),
	},
	'ChannelFigures',
);
export type ChannelFigures = SchemaType<typeof ChannelFigures>;
