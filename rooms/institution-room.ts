import { defineActorRoom } from './actor-room.ts';
import { InstitutionFigures } from './schema/institution-figures.ts';

const NUMBERS = [
	'percent',
	'generation',
	'calls',
	'failureRate',
	'nodes',
	'route',
	'permits',
	'permitsOut',
] as const;
const WORDS = ['circuit', 'health', 'canaries', 'badNodes'] as const;

/** The room beside each live institution. */
const institutionRoom = () =>
	defineActorRoom({
		state: InstitutionFigures,
		show(state: InstitutionFigures, figures) {
			for (const name of NUMBERS) {
				const value = figures[name];
				if (typeof value === 'number' && state[name] !== value) state[name] = value;
			}
			for (const name of WORDS) {
				const value = figures[name];
				if (typeof value === 'string' && state[name] !== value) state[name] = value;
			}
		},
	});

export const actorRoom = { kind: 'institution', room: institutionRoom() };
