import { useEffect, useRef } from 'preact/hooks';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import type { PresenceDot } from './avatar.tsx';
import { useRedraw } from './use-redraw.ts';

/** Watches these people, and tells what is known of each. */
export function usePresence(
	userIds: readonly string[],
): (userId: string) => PresenceDot | undefined {
	const { naru } = useClient();
	const redraw = useRedraw();
	const unwatch = useRef<() => void>(undefined);
	const key = [...new Set(userIds)].sort().join(' ');

	useEffect(() => {
		// The new watch before the end of the old one: who is in both is not asked for again.
		const before = unwatch.current;
		unwatch.current = key === '' ? undefined : naru.presence.watch(key.split(' '), redraw);
		before?.();
	}, [naru, key, redraw]);
	useEffect(() => () => unwatch.current?.(), []);

	return (userId) => naru.presence.of(userId)?.state;
}

export function presenceText(presence: PresenceDot | undefined): string | undefined {
	return presence && texts[presence];
}
