import { describe, expect, test } from 'vitest';
import { figuresOf } from '../../actors/institution/board.ts';
import { actorRoom } from '../../rooms/institution-room.ts';
import { InstitutionFigures } from '../../rooms/schema/institution-figures.ts';
import { openedBank } from '../support/institution-actor.ts';

describe('the room beside an institution', () => {
	test('[I15] shows every figure of the actor', async () => {
		const { actor } = await openedBank();
		const figures = figuresOf(actor.state);
		const room = new actorRoom.room();
		room.state = new InstitutionFigures() as never;
		room.broadcastPatch = () => true;
		room.show({ ...figures, other: 'x' });
		expect(room.state.toJSON()).toEqual(figures);
		room.show({ calls: 'none', circuit: 5 });
		expect(room.state.toJSON()).toMatchObject({ ...figures, circuit: 'open', canaries: '1 10' });
	});
});
