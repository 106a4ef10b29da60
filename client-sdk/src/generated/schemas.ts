// Written by `npm run sdk:generate` from src/protocol; edit that.
export interface ActorLine {
	readonly key: string;
	readonly phase: string;
	readonly position: number;
	readonly epoch: number;
	readonly waiting: number;
	readonly edges: number;
	readonly idleMs: number;
	readonly figures: Readonly<Record<string, unknown>>;
}

export interface ActorPicture {
	readonly key: string;
	readonly node?: string | undefined;
	readonly isAwake: boolean;
	readonly position: number;
	readonly writer: string;
	readonly events?: readonly EventLine[] | undefined;
	readonly live?:
		| {
				readonly phase: string;
				readonly epoch: number;
				readonly waiting: number;
				readonly idleMs: number;
				readonly figures: Readonly<Record<string, unknown>>;
				readonly edges: readonly string[];
				readonly commit?: number | undefined;
				readonly snapshotCommit?: number | undefined;
				readonly state?: unknown | undefined;
		  }
		| undefined;
}

export interface Asset {
	readonly id: string;
	readonly type: 'account' | 'card' | 'holding' | 'policy' | 'balance' | 'plan' | 'loan';
	readonly name: string;
	readonly amount: number;
	readonly currency: string;
	readonly asOf: number;
}

export interface AssetJob {
	readonly id: string;
	readonly state: 'running' | 'done' | 'partial' | 'failed' | 'cancelled';
	readonly startedAt: number;
	readonly endedAt?: number | undefined;
	readonly steps: readonly JobStep[];
}

export interface AssetPart {
	readonly version: number;
	readonly from: number;
}

export interface AssetPlace {
	readonly institution: string;
	readonly part?: AssetPart | undefined;
}

export interface AssetSnapshot {
	readonly institution: string;
	readonly version: number;
	readonly asOf: number;
	readonly assets: readonly Asset[];
}

export interface AuditEntry {
	readonly id: string;
	readonly at: number;
	readonly who: string;
	readonly what:
		| 'drain'
		| 'kill'
		| 'sleep'
		| 'createEvent'
		| 'changeEvent'
		| 'pauseEvent'
		| 'resumeEvent'
		| 'closeEvent'
		| 'resolveOrder'
		| 'refundOrder'
		| 'setCircuit'
		| 'setRoute'
		| 'setRate'
		| 'pauseRefresh'
		| 'resumeRefresh'
		| 'setRefreshRate';
	readonly target: string;
	readonly node: string;
}

export type ChannelKind = 'direct' | 'group' | 'open';

export interface ChannelSummary {
	readonly id: string;
	readonly kind: ChannelKind;
	readonly name: string;
	readonly memberCount: number;
	readonly lastAt: number;
	readonly lastMessage?:
		| {
				readonly seq: number;
				readonly at: number;
				readonly userId: string;
				readonly name?: string | undefined;
				readonly text: string;
				readonly deletedAt?: number | undefined;
		  }
		| undefined;
	readonly lastSeq: number;
	readonly unread?: number | undefined;
	readonly mentions?: number | undefined;
	readonly marker?: number | undefined;
}

export type Circuit = 'closed' | 'open' | 'recovering' | 'forced-open' | 'forced-closed';

export interface Consent {
	readonly scopes: readonly 'assets'[];
	readonly expiresAt: number;
}

export interface EventLine {
	readonly position: number;
	readonly type: string;
	readonly version: number;
	readonly at: number;
	readonly by?: string | undefined;
	readonly commit: number;
}

export interface HandleLine {
	readonly id: number;
	readonly key: string;
	readonly isMasked: boolean;
	readonly style: string;
	readonly state?: string | undefined;
	readonly position?: number | undefined;
	readonly lag?: number | undefined;
}

export type Health = 'HEALTHY' | 'CAUTION' | 'CRITICAL';

export type Industry =
	| 'bank'
	| 'card'
	| 'securities'
	| 'insurance'
	| 'e-money'
	| 'telecom'
	| 'capital';

export interface InstitutionBoard {
	readonly info: InstitutionInfo;
	readonly rules: InstitutionRules;
	readonly mode: 'auto' | 'forced-open' | 'forced-closed';
	readonly auto: 'closed' | 'open' | 'recovering';
	readonly time: number;
	readonly gate: {
		readonly generation: number;
		readonly version: number;
		readonly circuit: Circuit;
		readonly percent: number;
		readonly canaries: readonly string[];
		readonly badNodes: readonly string[];
		readonly route: number;
		readonly probeMs: number;
		readonly permits: number;
		readonly perSecond?: number | undefined;
		readonly expectedInMs?: number | undefined;
	};
	readonly nodes: readonly {
		readonly node: string;
		readonly incarnation: string;
		readonly agoMs: number;
	}[];
	readonly matrix: readonly {
		readonly node: string;
		readonly minute: number;
		readonly calls: number;
		readonly bad: number;
	}[];
	readonly canaries: readonly {
		readonly node: string;
		readonly sinceTime: number;
		readonly good: number;
		readonly bad: number;
		readonly goodTime: number;
		readonly badTime: number;
	}[];
	readonly badNodes: readonly string[];
	readonly permits: {
		readonly count: number;
		readonly intervalMs: number;
		readonly ratePerSecond: number;
		readonly rateFactor: number;
		readonly holders: readonly {
			readonly node: string;
			readonly want: number;
			readonly share: number;
			readonly bound: number;
		}[];
	};
	readonly turns: readonly {
		readonly position: number;
		readonly at: number;
		readonly reason: string;
		readonly circuit: Circuit;
		readonly generation: number;
		readonly health: Health;
		readonly by?: string | undefined;
		readonly node?: string | undefined;
	}[];
}

export interface InstitutionInfo {
	readonly id: string;
	readonly name: string;
	readonly industry: Industry;
	readonly circuit: Circuit;
	readonly health: Health;
	readonly prevStatus?: Health | undefined;
	readonly percent: number;
	readonly expectedAt?: number | undefined;
	readonly since: number;
	readonly calls: number;
	readonly failureRate: number;
}

export interface InstitutionRules {
	readonly name: string;
	readonly industry: Industry;
	readonly ratePerSecond: number;
	readonly routes: number;
	readonly breaker: {
		readonly failureRate: number;
		readonly callsMin: number;
		readonly goodMs: number;
		readonly stepMs: number;
		readonly expectedMs: number;
	};
}

export interface JobStep {
	readonly institution: string;
	readonly step: 'authorise' | 'token' | 'list' | 'details';
	readonly state: 'waiting' | 'running' | 'done' | 'failed';
	readonly done: number;
	readonly total: number;
	readonly code?: string | undefined;
	readonly retryAt?: number | undefined;
	readonly at: number;
}

export interface Member {
	readonly userId: string;
	readonly name?: string | undefined;
	readonly picture?: string | undefined;
	readonly role: Role;
	readonly joinedAt: number;
	readonly marker: number;
	readonly mutedUntil?: number | undefined;
}

export interface Message {
	readonly seq: number;
	readonly id: string;
	readonly at: number;
	readonly userId: string;
	readonly name?: string | undefined;
	readonly picture?: string | undefined;
	readonly text: string;
	readonly clientId?: string | undefined;
	readonly replyTo?: number | undefined;
	readonly mentions?: readonly string[] | undefined;
	readonly data?: unknown | undefined;
	readonly editedAt?: number | undefined;
	readonly deletedAt?: number | undefined;
	readonly deletedBy?: string | undefined;
	readonly reactions?: Readonly<Record<string, number>> | undefined;
	readonly mine?: readonly string[] | undefined;
}

export interface NodeFigures {
	readonly id: string;
	readonly url: string;
	readonly pid: number;
	readonly state: NodeState;
	readonly startedAt: number;
	readonly load?: NodeLoad | undefined;
	readonly handles: number;
	readonly streams: number;
	readonly bytesQueued: number;
	readonly backlog: number;
	readonly usersPresent: number;
	readonly memoryBytes: number;
	readonly heapBytes: number;
	readonly links?:
		| {
				readonly sessions: number;
				readonly bytesWaiting: number;
				readonly resends: number;
				readonly downs: number;
		  }
		| undefined;
}

export interface NodeLine {
	readonly id: string;
	readonly url: string;
	readonly pid: number;
	readonly state: NodeState;
	readonly startedAt: number;
	readonly load?: NodeLoad | undefined;
}

export interface NodeLoad {
	readonly sockets: number;
	readonly actors: number;
	readonly loopDelayMs: number;
	readonly overloaded: boolean;
}

export type NodeState = 'starting' | 'up' | 'draining';

export interface Notice {
	readonly id: string;
	readonly type: string;
	readonly data: unknown;
	readonly at: number;
	readonly expiresAt: number;
}

export interface Order {
	readonly id: string;
	readonly eventId: string;
	readonly status: OrderStatus;
	readonly asking?: true | undefined;
	readonly seats: readonly string[];
	readonly quantity: number;
	readonly amount: number;
	readonly currency: string;
	readonly refunded: number;
	readonly createdAt: number;
	readonly deadline?: number | undefined;
}

export type OrderStatus = 'paying' | 'paid' | 'declined' | 'resolving' | 'expired' | 'refunded';

export interface PresenceState {
	readonly userId: string;
	readonly state: 'online' | 'away' | 'offline';
	readonly lastActiveAt?: number | undefined;
}

export interface RefreshMinute {
	readonly at: number;
	readonly planned: number;
	readonly issued: number;
	readonly recorded: number;
	readonly failed: number;
}

export interface RefreshPlanInfo {
	readonly institution: string;
	readonly phase: 'resting' | 'running';
	readonly paused: boolean;
	readonly perSecondMax?: number | undefined;
	readonly week: number;
	readonly weekFrom: number;
	readonly expected: number;
	readonly walked: boolean;
	readonly missedLastWeek: number;
	readonly nextAt?: number | undefined;
	readonly totals: RefreshTotals;
}

export interface RefreshStep {
	readonly worker: string;
	readonly n: number;
	readonly users: readonly string[];
	readonly cursor?: readonly [number, string] | undefined;
	readonly walked: boolean;
	readonly expected: number;
	readonly recorded: readonly string[];
	readonly gone: readonly string[];
	readonly failed: readonly string[];
	readonly minute?: RefreshMinute | undefined;
}

export interface RefreshTotals {
	readonly targets: number;
	readonly recorded: number;
	readonly gone: number;
	readonly failed: number;
	readonly open: number;
}

export interface Refund {
	readonly orderId: string;
	readonly seats?: readonly string[] | undefined;
	readonly quantity?: number | undefined;
}

export type Role = 'owner' | 'moderator' | 'member';

export interface SnapshotVersion {
	readonly institution: string;
	readonly version: number;
}

export interface SocketLine {
	readonly id: string;
	readonly user?: string | undefined;
	readonly device: string;
	readonly platform: string;
	readonly handles: number;
	readonly bytesQueued: number;
	readonly silentMs: number;
	readonly behindMs: number;
}

export interface StandingConsent {
	readonly scopes: readonly 'assets'[];
	readonly expiresAt: number;
	readonly institution: string;
	readonly given: number;
}

export interface Ticket {
	readonly id: string;
	readonly eventId: string;
	readonly seatId?: string | undefined;
	readonly orderId: string;
	readonly title: string;
	readonly at: number;
}

export interface TicketEventInfo {
	readonly id: string;
	readonly title: string;
	readonly state: TicketEventState;
	readonly opensAt: number;
	readonly closesAt?: number | undefined;
	readonly currency: string;
	readonly seated: boolean;
	readonly capacity: number;
	readonly free: number;
	readonly priceMin: number;
	readonly priceMax: number;
	readonly maxPerUser: number;
	readonly pickSeconds: number;
	readonly paySeconds: number;
}

export type TicketEventState = 'scheduled' | 'open' | 'paused' | 'soldOut' | 'closed';

export interface TicketMe {
	readonly phase:
		| 'before'
		| 'waiting'
		| 'turn'
		| 'inside'
		| 'paying'
		| 'done'
		| 'soldOut'
		| 'closed';
	readonly place?: number | undefined;
	readonly turned?: number | undefined;
	readonly deadline?: number | undefined;
	readonly admission?: string | undefined;
	readonly held: {
		readonly seats: readonly string[];
		readonly quantity: number;
	};
	readonly order?: Order | undefined;
	readonly ended?: ('left' | 'turnMissed' | 'pickExpired' | 'payExpired') | undefined;
}

export interface TicketTick {
	readonly at: number;
	readonly state: TicketEventState;
	readonly turned: number;
	readonly waiting: number;
	readonly active: number;
	readonly maxActive: number;
	readonly free: number;
	readonly batch?: number | undefined;
	readonly intervalMs?: number | undefined;
	readonly leaveRate: number;
}
