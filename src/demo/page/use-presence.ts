import { useEffect } from 'preact/hooks';
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
	const key = [...new Set(userIds)].sort().join(' ');
	useEffect(() => (key === '' ? undefined : naru.presence.watch(key.split(' '), redraw)), [key]);
	return (userId) => naru.presence.of(userId)?.state;
}

export function presenceText(presence: PresenceDot | undefined): string | undefined {
	return presence && texts[presence];
}
