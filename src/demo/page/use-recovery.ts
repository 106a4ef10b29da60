import { useEffect, useRef, useState } from 'preact/hooks';
import { useClient } from '../client.ts';
import { useStatus } from './use-status.ts';

const SHOWN_MS = 4_000;

/**
 * After a lost connection came back: how many messages of others the channel in view has caught up,
 * for a few seconds.
 */
export function useRecovery(channelId: string | undefined): number | undefined {
	const { naru } = useClient();
	const { status } = useStatus();
	const [caughtUp, setCaughtUp] = useState<number>();
	/** The last message seen when the connection was lost. */
	const lost = useRef<{ readonly seq: number } | undefined>(undefined);

	useEffect(() => {
		const channel = channelId === undefined ? undefined : naru.channel(channelId);
		if (status === 'reconnecting' || status === 'offline') {
			lost.current ??= { seq: channel?.messages.at(-1)?.seq ?? 0 };
			setCaughtUp(undefined);
			return;
		}
		if (status !== 'online' || lost.current === undefined) return;
		const { seq } = lost.current;
		lost.current = undefined;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const tell = () => {
			const missed = channel?.messages.filter(
				(message) => message.seq > seq && message.userId !== naru.userId,
			);
			setCaughtUp(missed?.length ?? 0);
			timer = setTimeout(() => setCaughtUp(undefined), SHOWN_MS);
		};
		// Resolves once everything missed has come.
		if (channel) channel.open().then(tell, tell);
		else tell();
		return () => clearTimeout(timer);
	}, [status]);

	return caughtUp;
}
