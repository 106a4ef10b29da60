import { useEffect, useState } from 'preact/hooks';
import type { Channel } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';

/** Others are told of a key at most every 3 s, so that a silence of this length is an end. */
const SHOWN_MS = 4_500;

/** Who is typing in the channel now, besides oneself. */
export function useTyping(channel: Channel): readonly string[] {
	const { account } = useClient();
	const [typing, setTyping] = useState<readonly string[]>([]);

	useEffect(() => {
		const timers = new Map<string, ReturnType<typeof setTimeout>>();
		const show = () => setTyping([...timers.keys()]);
		const stop = (userId: string) => {
			clearTimeout(timers.get(userId));
			if (timers.delete(userId)) show();
		};
		const undo = [
			channel.on('typing', ({ userId }) => {
				if (userId === undefined || userId === account.userId) return;
				clearTimeout(timers.get(userId));
				timers.set(
					userId,
					setTimeout(() => stop(userId), SHOWN_MS),
				);
				show();
			}),
			channel.on('message', ({ userId }) => stop(userId)),
		];
		return () => {
			for (const one of undo) one();
			for (const timer of timers.values()) clearTimeout(timer);
			setTyping([]);
		};
	}, [channel, account]);

	return typing;
}
