import type { Message } from '../../../src/protocol/channel.ts';
import type { WireEvent } from '../../../src/protocol/wire.ts';
import { tokenFor } from '../harness/token.ts';
import { type Hear, type Member, numberIn, type Seat, type System } from './member.ts';
import { NaruLink } from './naru-link.ts';

/** Opens a channel as its member; visitors join with the opening. */
export const joining = (id: string) => ({
	kind: 'channel',
	id,
	args: { last: 0 },
	with: { name: 'join', args: {} },
});

/** Calls back with each message among the events. */
export function eachMessage(events: readonly WireEvent[], hear: (message: Message) => void): void {
	for (const [type, data] of events) if (type === 'message') hear(data as Message);
}

/** Joins all channels of the seat over the link. */
async function join(link: NaruLink, seat: Seat, hear: Hear): Promise<Member> {
	const handles = await Promise.all(
		seat.channels.map(async (id, channel) => {
			const { handle } = await link.open(joining(id), (events) =>
				eachMessage(events, (message) => hear(channel, numberIn(message.text))),
			);
			return handle;
		}),
	);
	let sent = 0;
	return {
		say(lines) {
			const frames = lines.map(({ channel, text }) => {
				const requestId = `${seat.userId}-${++sent}`;
				const { bytes, reply } = link.frame(handles[channel] ?? 0, 'send', {
					args: { text },
					requestId,
				});
				reply.catch((error: Error) => process.stderr.write(`bench client: ${error.message}\n`));
				return bytes;
			});
			link.write(frames);
		},
		close: () => link.cut(),
	};
}

/** Naru as its SDK uses it: one socket, a handle per channel, a request id per message. */
export const naru: System = {
	name: 'Naru',
	file: 'naru.ts',
	async connect(seat: Seat, hear: Hear): Promise<Member> {
		const link = await NaruLink.connect(seat.url, await tokenFor(seat.userId));
		return join(link, seat, hear);
	},
};

/** The same with the user's own inbox open beside the channels. */
export const naruWithInbox: System = {
	...naru,
	async connect(seat: Seat, hear: Hear): Promise<Member> {
		const link = await NaruLink.connect(seat.url, await tokenFor(seat.userId));
		await link.open({ kind: 'user', id: seat.userId, args: {} }, () => {});
		return join(link, seat, hear);
	},
};
