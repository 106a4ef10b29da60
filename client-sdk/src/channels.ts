import { directId } from '../../src/protocol/limits.ts';
import type { Channel } from './channel.ts';
import type { ChannelTypes } from './generated/channel.ts';
import { ChannelsHandle, type ChannelsTypes, channelsTable } from './generated/channels.ts';
import type { ChannelSummary } from './generated/schemas.ts';
import { Listeners, type Undo } from './listeners.ts';
import type { NaruError } from './naru-error.ts';
import type { Session } from './session.ts';

type Commands = ChannelsTypes['commands'];
type CreateArgs = ChannelTypes['commands']['create']['args'];

export interface ChannelsEvents {
	/** One of the user's channels moved on: last message, unread, mentions. */
	readonly change: ChannelSummary;
	/** A channel is no longer the user's. */
	readonly gone: { readonly id: string };
	/** After a lost socket: list again, changes may have been missed. */
	readonly reset: undefined;
	readonly closed: NaruError;
}

/** @internal */
export interface ChannelsContext {
	readonly session: Session;
	readonly channel: (id: string) => Channel;
	/** Resolves with the user's id once it is known. */
	readonly userId: () => Promise<string>;
}

/** The user's own channels, the public ones, and new ones. */
export class Channels {
	readonly #context: ChannelsContext;
	readonly #handle: ChannelsHandle;
	readonly #listeners = new Listeners<ChannelsEvents>();

	/** @internal */
	constructor(context: ChannelsContext) {
		this.#context = context;
		this.#handle = new ChannelsHandle(context.session, {
			table: channelsTable,
			id: () => 'me',
			sink: {
				opened: (_, isReset) => {
					if (isReset) this.#listeners.emit('reset', undefined);
				},
				event: () => {},
				ephemeral: (type, data) => {
					if (type === 'change' || type === 'gone') this.#listeners.emit(type, data as never);
				},
				closed: (error) => this.#listeners.emit('closed', error),
			},
		});
	}

	on<E extends keyof ChannelsEvents>(type: E, listener: (value: ChannelsEvents[E]) => void): Undo {
		this.#handle.want();
		return this.#listeners.on(type, listener);
	}

	/** Own channels, newest activity first; `next` goes in as `after` for the next page. */
	list(args: Commands['list']['args'] = {}): Promise<Commands['list']['reply']> {
		return this.#handle.list(args);
	}

	/** Public channels, newest activity first. */
	public(args: Commands['public']['args'] = {}): Promise<Commands['public']['reply']> {
		return this.#handle.public(args);
	}

	/** Resolves with the channel, opened. Without `id` it gets a random one; rejects with `EXISTS`. */
	async create({ id, ...args }: CreateArgs & { readonly id?: string }): Promise<Channel> {
		const channel = this.#context.channel(id ?? this.#context.session.environment.newId());
		await channel.create(args);
		return channel;
	}

	/** The one direct channel with another user, made if it is new. */
	async direct(userId: string): Promise<Channel> {
		const own = await this.#context.userId();
		const channel = this.#context.channel(directId(own, userId));
		await channel.create({ kind: 'direct', members: [userId] });
		return channel;
	}
}
