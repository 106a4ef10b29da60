import { defineActorRoom } from './actor-room.ts';
import { ChannelFigures } from './schema/channel-figures.ts';

const FIGURES = ['members', 'online', 'position', 'lastSeq', 'temperature'] as const;

/** The room beside each live channel. Figures that are no numbers are passed over. */
export const channelRoom = () =>
	defineActorRoom({
		state: ChannelFigures,
		show(state: ChannelFigures, figures) {
			for (const name of FIGURES) {
				const value = figures[name];
				if (typeof value === 'number' && state[name] !== value) state[name] = value;
			}
		},
	});

export const actorRoom = { kind: 'channel', room: channelRoom() };
