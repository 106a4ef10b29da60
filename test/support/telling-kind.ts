import { z } from 'zod';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { type CounterEvent, type CounterState, counterKind } from './counter-kind.ts';

/** What is added that can never leave: its contract names no such number. */
export const UNSPEAKABLE = -1;

/** A counter whose additions leave as domain events; one that adds nothing leaves nothing. */
export const tellingKind = {
	...counterKind,
	publishing: {
		contract: {
			'counter.added': {
				1: z.object({ by: z.int() }),
				2: z.object({ by: z.int().refine((by) => by !== UNSPEAKABLE), twice: z.int() }),
			},
		},
		eventsOf: ({ type, data }) => {
			const { by } = data as { by: number };
			if (type !== 'added' || by === 0) return [];
			return [{ type: 'counter.added', data: { by, twice: 2 * by, token: 'never leaves' } }];
		},
	},
} satisfies ActorKind<CounterState, CounterEvent> as unknown as ActorKind;
