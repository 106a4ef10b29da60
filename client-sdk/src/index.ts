export type { ErrorCode } from '../../src/protocol/errors.ts';
export type { Registration, RegistrationEvents } from './asset-job.ts';
export type { Assets, AssetsEvents } from './assets.ts';
export type { Channel, ChannelEvents, ChannelView } from './channel.ts';
export type { ChannelChange, ChannelInfo } from './channel-log.ts';
export type { PendingMessage, SendArgs, Sent } from './channel-outbox.ts';
export type { Channels, ChannelsEvents } from './channels.ts';
export { type ConnectOptions, connect } from './connect.ts';
export type { AbortSignalLike, AppStateLike, SocketLike, SocketMaker } from './environment.ts';
export type {
	Asset,
	AssetJob,
	AssetSnapshot,
	ChannelKind,
	ChannelSummary,
	Circuit,
	Consent,
	Health,
	Industry,
	InstitutionBoard,
	InstitutionInfo,
	JobStep,
	Member,
	Message,
	Notice,
	Order,
	OrderStatus,
	PresenceState,
	Role,
	StandingConsent,
	Ticket,
	TicketEventInfo,
} from './generated/schemas.ts';
export type { Inbox, InboxEvents } from './inbox.ts';
export type { Institution, InstitutionEvents } from './institution.ts';
export type { Undo } from './listeners.ts';
export type { Naru, NaruEvents } from './naru.ts';
export { NaruError } from './naru-error.ts';
export type { Orders } from './orders.ts';
export type { Presence } from './presence.ts';
export type { Room, RoomEvents } from './room.ts';
export type { Status, StatusChange } from './status.ts';
export type { Pick, Sale, Standing, TicketEvent, TicketEventEvents } from './ticket-event.ts';
export type { TicketEvents } from './ticket-events.ts';
export type { Seat } from './ticket-seat-map.ts';
export type { Tickets } from './tickets.ts';
export type { StorageLike } from './unsent-store.ts';
