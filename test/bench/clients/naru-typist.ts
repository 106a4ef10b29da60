import { tokenFor } from '../harness/token.ts';
import type { Hear, Member, Seat, System } from './member.ts';
import { NaruLink } from './naru-link.ts';
import { joining, naru } from './naru-member.ts';

/** Naru telling what is stored nowhere, as Colyseus's broadcasts are: that somebody types. */
export const naruTypist: System = {
	...naru,
	async connect(seat: Seat, hear: Hear): Promise<Member> {
		const link = await NaruLink.connect(seat.url, await tokenFor(seat.userId));
		const { handle } = await link.open(joining(seat.channels[0] ?? ''), () => {});
		let heard = 0;
		link.hearEphemeral = ([type]) => {
			if (type === 'typing') hear(0, ++heard);
		};
		return {
			say: (lines) => link.write(lines.map(() => link.ephemeral(handle, ['typing', {}]))),
			close: () => link.cut(),
		};
	},
};
