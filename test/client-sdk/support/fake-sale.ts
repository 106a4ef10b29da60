import { OP } from '../../../src/protocol/frames.ts';
import type { TicketEventInfo, TicketMe, TicketTick } from '../../../src/protocol/ticket-event.ts';
import type { FakeAnswer } from './fake-channel.ts';
import { type Scene, type Sdk, scene } from './sdk.ts';

/** Nothing. */
export const HELD = { seats: [], quantity: 0 };
/** After so many milliseconds, unless it is said otherwise. */
export const OPENS_IN = 90_000;

/** A sale as the lobby of a node shows it, without an actor behind it. */
class FakeSale {
	info: TicketEventInfo;
	tick: TicketTick;
	me: TicketMe = { phase: 'before', held: HELD };
	/** What entering leads to once the sale is open. */
	entered: TicketMe = { phase: 'waiting', place: 250, turned: 1_000, held: HELD };
	/** When each `enter` came, by the server's clock. */
	readonly enters: number[] = [];
	readonly commands: [name: string, args: unknown][] = [];
	answer: (name: string) => FakeAnswer | undefined = () => undefined;
	readonly #scene: Scene;

	constructor(made: Scene) {
		this.#scene = made;
		this.info = {
			...{ id: 'concert', title: 'Concert', state: 'scheduled', currency: 'KRW', seated: false },
			opensAt: made.server.now() + OPENS_IN,
			...{ capacity: 10, free: 10, priceMin: 1, priceMax: 1, maxPerUser: 3 },
			...{ pickSeconds: 600, paySeconds: 420 },
		};
		this.tick = {
			...{ at: 1, state: 'scheduled', turned: 0, waiting: 0, active: 0, maxActive: 1_000 },
			...{ free: 10, batch: 100, intervalMs: 5_000, leaveRate: 0 },
		};
		made.server.viewOf = (kind) =>
			kind === 'ticket-lobby' ? { info: this.info, tick: this.tick, me: this.me } : {};
		made.server.service = (_, { name, args }) => this.#run(name, args);
	}

	open(): void {
		this.info = { ...this.info, state: 'open' };
		this.tick = { ...this.tick, state: 'open' };
	}

	tell(type: 'me' | 'tick' | 'info', data: object): void {
		if (type === 'me') this.me = data as TicketMe;
		const { server } = this.#scene;
		const opened = server.seen.filter(({ op }) => op === OP.open).at(-1);
		server.last.send(1_000 + (opened?.handle ?? 0), OP.ephemeral, [type, data]);
	}

	#run(name: string, args: unknown): FakeAnswer {
		this.commands.push([name, args]);
		const own = this.answer(name);
		if (own !== undefined) return own;
		if (name === 'enter') {
			const now = this.#scene.server.now();
			this.enters.push(now);
			const isOpen = this.info.state !== 'scheduled' || now >= this.info.opensAt;
			if (isOpen) this.me = this.entered;
			return { reply: this.me };
		}
		return { reply: name === 'checkout' ? { id: 'concert:1', status: 'paying' } : this.me };
	}
}

interface SaleScene extends Scene {
	readonly sale: FakeSale;
}

/** A client beside a sale; the device's clock is behind the server's by so much. */
export function beside(sdk: Sdk, behindMs = 0): SaleScene {
	const made = scene(sdk);
	made.server.clockAheadMs = behindMs;
	return { ...made, sale: new FakeSale(made) };
}
