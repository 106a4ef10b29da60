import type { ChannelKind } from '../../../client-sdk/src/index.ts';
import type { Client } from '../client.ts';

interface Titled {
	readonly id: string;
	readonly kind: ChannelKind;
	readonly name: string;
}

/** The other person of a direct channel, whose id is `@one@other`. */
export function otherOf(id: string, self: string): string {
	const people = id.split('@').filter((part) => part !== '');
	return people.find((userId) => userId !== self) ?? self;
}

/** What a channel is called on this page. */
export function titleOf({ id, kind, name }: Titled, { people, account }: Client): string {
	if (kind === 'direct') return people.nameOf(otherOf(id, account.userId));
	return name || id;
}
