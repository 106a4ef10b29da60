import type { PresenceState } from '../protocol/user.ts';
import type { NodeId } from './directory.ts';

/** What watchers are shown of a user. */
export type ShownState = PresenceState['state'];

/** How a device ended: `logout` counts at once, `silence` may only mean that it is elsewhere now. */
export type Ending = 'silence' | 'logout';

/** What a user said of themselves; of two, the later one counts. */
export interface Said {
	/** Milliseconds since 1970, but always more than what was known to be said before. */
	readonly n: number;
	readonly by: NodeId;
	readonly away: boolean;
}

/** A user at one node, as that node tells the others. Never changed, only replaced. */
export interface PresenceEntry {
	/** Each device once, at least one, with whether a page or app of it is in front. */
	readonly devices: readonly (readonly [deviceId: string, visible: boolean])[];
	readonly said: Said | undefined;
	/** As it was when this was told. */
	readonly lastActiveAt: number | undefined;
}

/** A user who has no devices at a node any more, as that node tells the others. */
export interface PresenceGone {
	readonly userId: string;
	readonly ending: Ending;
	/** `undefined`: it did not say. */
	readonly lastActiveAt: number | undefined;
}

/** A socket at this node, or what is left of it. */
export interface Life {
	readonly user: User;
	readonly deviceId: string;
	readonly connectionId: string;
	visible: boolean;
	connected: boolean;
	/** It logged out: no frame that is still on its way brings it back. */
	loggedOut: boolean;
}

/** The later of two things that a user said. */
export function laterSaid(one: Said | undefined, other: Said | undefined): Said | undefined {
	if (one === undefined || other === undefined) return one ?? other;
	if (one.n !== other.n) return one.n > other.n ? one : other;
	return one.by >= other.by ? one : other;
}

const isVisible = ({ devices }: PresenceEntry) => devices.some(([, visible]) => visible);

/** One user as far as anything is known, here and at other nodes. */
export class User {
	readonly userId: string;
	/** Alive ones, and those over whose socket is still open; oldest first. */
	lives: readonly Life[] = [];
	/** By node; of most users at most one. */
	others: readonly (readonly [NodeId, PresenceEntry])[] = [];
	/** What the user said, as long as they have a life here. */
	said: Said | undefined;
	/** `undefined`: nobody was told anything yet. */
	shown: ShownState | undefined;
	/** Last sign of life of a visible page or app that is known of. */
	lastActiveAt: number | undefined;
	/** Devices alive here, and at all nodes. */
	devices = 0;
	devicesEverywhere = 0;

	constructor(userId: string, shown: ShownState | undefined, lastActiveAt: number | undefined) {
		this.userId = userId;
		this.shown = shown;
		this.lastActiveAt = lastActiveAt;
	}

	/** Whether nothing stands for this user any more. */
	get isNowhere(): boolean {
		return this.lives.length === 0 && this.others.length === 0;
	}

	/** Those of one device. */
	livesOf(deviceId: string): readonly Life[] {
		return this.lives.filter((life) => life.deviceId === deviceId);
	}

	get isVisibleElsewhere(): boolean {
		return this.others.some(([, entry]) => isVisible(entry));
	}

	/** What the user said last, by all that is known. */
	get saidLast(): Said | undefined {
		return this.others.reduce((said, [, entry]) => laterSaid(said, entry.said), this.said);
	}

	/** Sets what a node tells; `undefined` takes it out. */
	tell(node: NodeId, entry: PresenceEntry | undefined): void {
		const rest = this.others.filter(([id]) => id !== node);
		this.others = entry === undefined ? rest : [...rest, [node, entry]];
	}

	wasActiveAt(at: number | undefined): void {
		if (at !== undefined) this.lastActiveAt = Math.max(at, this.lastActiveAt ?? at);
	}

	/** What is to be shown of the user when these lives here are alive. */
	stateWith(alive: readonly Life[]): ShownState {
		if (alive.length === 0 && this.others.length === 0) return 'offline';
		if (this.saidLast?.away === true) return 'away';
		return alive.some(({ visible }) => visible) || this.isVisibleElsewhere ? 'online' : 'away';
	}

	/** Counts the devices when these lives here are alive. */
	count(alive: readonly Life[]): void {
		const [first, ...more] = this.others;
		if (alive.length === 0 && more.length === 0) {
			this.devices = 0;
			this.devicesEverywhere = first?.[1].devices.length ?? 0;
			return;
		}
		const here = new Set(alive.map(({ deviceId }) => deviceId));
		this.devices = here.size;
		for (const [, entry] of this.others) for (const [deviceId] of entry.devices) here.add(deviceId);
		this.devicesEverywhere = here.size;
	}

	/** What this node tells of the user when these lives are alive. */
	entryWith(alive: readonly Life[]): PresenceEntry | undefined {
		if (alive.length === 0) return undefined;
		const devices = new Map<string, boolean>();
		for (const { deviceId, visible } of alive) {
			devices.set(deviceId, visible || devices.get(deviceId) === true);
		}
		return { devices: [...devices], said: this.said, lastActiveAt: this.lastActiveAt };
	}
}
