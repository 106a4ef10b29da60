import type { Environment, SocketLike } from '../../client-sdk/src/environment.ts';
import type { ActorPort } from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';
import { NO_METER } from '../../src/core/meter.ts';
import { ClientConnection } from '../../src/gateway/client-connection.ts';
import type { ClientSocket } from '../../src/gateway/client-socket.ts';
import { Connections } from '../../src/gateway/connections.ts';
import { Flusher } from '../../src/gateway/flusher.ts';
import type { GatewayContext } from '../../src/gateway/gateway-context.ts';
import { GATEWAY_LIMITS } from '../../src/gateway/gateway-limits.ts';
import type { Authenticator } from '../../src/gateway/ports.ts';
import { SeatGroups } from '../../src/gateway/seat-groups.ts';
import { ServiceGroups } from '../../src/gateway/service-groups.ts';
import { SocketAdmission } from '../../src/gateway/socket-admission.ts';
import { Streams } from '../../src/gateway/streams.ts';
import { decodeFrames, OP } from '../../src/protocol/frames.ts';
import type { KindContract } from '../../src/protocol/kind.ts';
import type { VirtualRuntime } from './virtual-runtime.ts';
import { VirtualWay } from './virtual-way.ts';

/** How long a message takes between a device and the edge, at most. */
const WAY_MS_MAX = 4;

/** The token is the name. */
const authenticator: Authenticator = {
	verify: (userId) => Promise.resolve({ ok: true, identity: { userId, roles: ['user'] } }),
	onRevoked: () => () => {},
};

/** The gateway of production in virtual time, with devices of the SDK whose sockets end here. */
export class VirtualEdge {
	readonly #runtime: VirtualRuntime;
	readonly #context: GatewayContext;
	readonly #connections = new Connections(GATEWAY_LIMITS, new SocketAdmission(GATEWAY_LIMITS));
	/** `open` frames that came. */
	openFrames = 0;

	constructor(runtime: VirtualRuntime, actors: ActorPort, contracts: readonly KindContract[]) {
		this.#runtime = runtime;
		let down = 0;
		const nextDown = () => ++down;
		const limits = GATEWAY_LIMITS;
		const sliceLength = limits.flushSliceLength;
		const context: Omit<GatewayContext, 'streams'> & { streams?: Streams } = {
			node: 'edge',
			authenticator,
			actors,
			services: new Map(),
			behind: new Set(),
			seats: undefined,
			serviceGroups: new ServiceGroups(nextDown),
			seatGroups: new SeatGroups(nextDown, (run) => runtime.defer(run)),
			contracts: new Map(contracts.map((contract) => [contract.kind, contract])),
			flusher: new Flusher({ runtime, meter: NO_METER, sliceLength }),
			listeners: [],
			limits,
			runtime,
			log: SILENT,
			meter: NO_METER,
			nextDown,
		};
		context.streams = new Streams(context as GatewayContext);
		this.#context = context as GatewayContext;
	}

	/** The world of a device that connects to this edge. */
	environment(): Environment {
		const runtime = this.#runtime;
		return {
			now: () => runtime.now(),
			random: () => runtime.random(),
			newId: () => runtime.randomId(),
			platform: 'test',
			setTimeout: (run, ms) => runtime.after(ms, run),
			clearTimeout: (cancel) => (cancel as (() => void) | undefined)?.(),
			openSocket: () => this.#openSocket(),
			isNetworkUp: () => true,
			isVisible: () => true,
			watch: () => () => {},
		};
	}

	#openSocket(): SocketLike {
		const up = new VirtualWay(this.#runtime, WAY_MS_MAX);
		const down = new VirtualWay(this.#runtime, WAY_MS_MAX);
		const far = {
			readyState: 1,
			bufferedAmount: 0,
			send: (bytes: Uint8Array) => {
				const { buffer } = new Uint8Array(bytes);
				down.pass(() => near.onmessage?.({ data: buffer }));
			},
			close: (code: number, reason: string) => down.pass(() => near.onclose?.({ code, reason })),
			terminate: () => {},
			pause: () => {},
			resume: () => {},
		};
		const socket = far as unknown as ClientSocket;
		const connection = new ClientConnection(this.#context, this.#connections, {
			socket,
			address: 'local',
		});
		const near: SocketLike = {
			binaryType: 'arraybuffer',
			onopen: null,
			onmessage: null,
			onclose: null,
			onerror: null,
			send: (data) => {
				const bytes = Buffer.from(data);
				for (const { op } of decodeFrames(bytes)) if (op === OP.open) this.openFrames++;
				up.pass(() => connection.receive(bytes, true));
			},
			close: () => up.pass(() => connection.lost(1000)),
		};
		this.#connections.add(connection);
		up.pass(() => near.onopen?.({} as never));
		return near;
	}
}
