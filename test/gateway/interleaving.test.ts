/**
 * Any interleaving of commits, audiences, revocations, joins, leaves, late answers, owner changes, slow
 * readers and short rings: every device sees exactly what its user may, in order, once.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReopenAnswer } from '../../src/core/actor-port.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { Data, Opened, Resume, Resumed, WireEvent } from '../../src/protocol/wire.ts';
import type { FrameClient, ReceivedFrame } from '../support/frame-client.ts';
import type { Line } from '../support/memory-actors.ts';
import { TestGateway } from '../support/test-gateway.ts';

const KEY = 'board/a';
const USERS = ['ann', 'bob', 'eve'];

/** A device as the protocol asks it to be: what it has, and the pair to resume with. */
class Device {
	readonly userId: string;
	client: FrameClient | undefined;
	isOpen = false;
	log: WireEvent[] = [];
	resume: Resume | undefined;
	/** Where the present opening began to hear. */
	openedAt = 0;
	#down = 0;
	#parts: WireEvent[] = [];

	constructor(userId: string) {
		this.userId = userId;
	}

	async connect(world: TestGateway): Promise<void> {
		if (this.client !== undefined) return;
		this.#parts = [];
		this.client = await world.connect(this.userId, {
			keep: true,
			onFrame: (frame) => this.#take(frame),
		});
		this.open();
	}

	open(): void {
		const resume = this.resume;
		this.client?.send(1, OP.open, { kind: 'board', id: 'a', ...(resume && { resume }) });
	}

	cut(): void {
		this.client?.socket.terminate();
		this.client = undefined;
		this.isOpen = false;
	}

	#take({ handle, op, payload }: ReceivedFrame): void {
		if (handle === 1 && (op === OP.opened || op === OP.reset)) this.#fresh(payload as Opened);
		else if (handle === 1 && op === OP.resume) this.#resumed(payload as Resumed);
		else if (handle === 1 && (op === OP.error || op === OP.close)) this.isOpen = false;
		else if (op === OP.data && handle === this.#down) this.#data(payload as Data);
	}

	#fresh({ down, position, writer, view }: Opened): void {
		this.#down = down;
		this.log = [...(view as { lines: WireEvent[] }).lines];
		this.#opened(position, writer);
	}

	#resumed({ down, position, writer, events, more }: Resumed): void {
		this.#down = down;
		this.#parts.push(...events);
		if (more) return;
		this.log.push(...this.#parts);
		this.#parts = [];
		this.#opened(position, writer);
	}

	#opened(position: number, writer: string): void {
		if (!this.isOpen) this.openedAt = position;
		this.isOpen = true;
		this.resume = [position, writer];
	}

	#data({ p, e, w }: Data): void {
		expect(this.isOpen, 'data without an open handle').toBe(true);
		this.log.push(...e);
		expect(p).toBeGreaterThanOrEqual(this.resume?.[0] ?? 0);
		this.resume = [p, w ?? this.resume?.[1] ?? ''];
	}
}

type Step =
	| { readonly do: 'publish'; readonly lines: readonly (number | 'all' | 'revoke')[] }
	| { readonly do: 'connect' | 'cut'; readonly device: number }
	| { readonly do: 'refuse'; readonly answer: ReopenAnswer }
	| { readonly do: 'move' | 'turn' | 'late' | 'sweep' };

const lineArbitrary = fc.oneof(
	{ weight: 6, arbitrary: fc.constant('all' as const) },
	{ weight: 3, arbitrary: fc.integer({ min: 0, max: 7 }) },
	{ weight: 1, arbitrary: fc.constant('revoke' as const) },
);
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 6,
		arbitrary: fc
			.array(lineArbitrary, { minLength: 1, maxLength: 4 })
			.map((lines) => ({ do: 'publish' as const, lines })),
	},
	{ weight: 4, arbitrary: deviceStep('connect') },
	{ weight: 2, arbitrary: deviceStep('cut') },
	{ weight: 2, arbitrary: fc.constant({ do: 'move' as const }) },
	{
		weight: 1,
		arbitrary: fc
			.constantFrom<ReopenAnswer>(
				{ ok: false, code: 'MOVED' },
				{ ok: false, code: 'INTERNAL' },
				{ ok: true, how: 'reset' },
			)
			.map((answer) => ({ do: 'refuse' as const, answer })),
	},
	{ weight: 4, arbitrary: fc.constant({ do: 'turn' as const }) },
	{ weight: 3, arbitrary: fc.constant({ do: 'late' as const }) },
	{ weight: 1, arbitrary: fc.constant({ do: 'sweep' as const }) },
);

function deviceStep(what: 'connect' | 'cut'): fc.Arbitrary<Step> {
	return fc.integer({ min: 0, max: 4 }).map((device) => ({ do: what, device }));
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class Run {
	readonly world: TestGateway;
	readonly devices = [0, 1, 2, 0, 1].map((user) => new Device(USERS[user] as string));
	readonly late: (() => void)[] = [];
	readonly revocations: { readonly userId: string; readonly position: number }[] = [];
	#number = 0;
	#position = 1;

	constructor(world: TestGateway) {
		this.world = world;
		world.actors.create(KEY);
		world.actors.delayOpen = (leave) => this.late.push(leave);
		world.actors.delayReopen = (take) => this.late.push(take);
	}

	async step(step: Step): Promise<void> {
		if (step.do === 'publish') this.#publish(step.lines);
		else if (step.do === 'connect') await this.devices[step.device]?.connect(this.world);
		else if (step.do === 'cut') this.devices[step.device]?.cut();
		else if (step.do === 'move') this.world.actors.move(KEY);
		else if (step.do === 'refuse') this.#refuseNext(step.answer);
		else if (step.do === 'late') this.late.shift()?.();
		else if (step.do === 'sweep') this.world.clock.advance(1_000);
		else await turn();
	}

	/** What the next owner answers an edge that comes back, once. */
	#refuseNext(answer: ReopenAnswer): void {
		this.world.actors.interceptReopen = () => {
			this.world.actors.interceptReopen = () => undefined;
			return answer;
		};
	}

	/** Users named by the bits of a number; `revoke` ends the right of one after the other. */
	#publish(lines: readonly (number | 'all' | 'revoke')[]): void {
		const shown = lines.map((line): Line => {
			const position = ++this.#position;
			const event: WireEvent = ['said', { number: ++this.#number }];
			if (line === 'all') return { event, audience: 'all' };
			if (line !== 'revoke') {
				return { event, audience: USERS.filter((_, index) => (line >> index) & 1) };
			}
			const userId = USERS[this.#number % USERS.length] as string;
			this.revocations.push({ userId, position });
			return { event, audience: 'all', revoked: [userId] };
		});
		this.world.actors.publish(KEY, shown);
	}

	/** Lets everybody in and everything arrive. */
	async settle(): Promise<void> {
		this.world.actors.delayOpen = (leave) => leave();
		this.world.actors.delayReopen = (take) => take();
		this.world.actors.interceptReopen = () => undefined;
		for (const leave of this.late.splice(0)) leave();
		await turn();
		this.world.actors.get(KEY).banned.clear();
		for (let round = 0; round < 4; round++) {
			for (const device of this.devices) {
				await device.connect(this.world);
				await this.#quiet(device);
				if (!device.isOpen) device.open();
				await this.#quiet(device);
			}
		}
	}

	async #quiet(device: Device): Promise<void> {
		for (let round = 0; round < 6; round++) {
			await device.client?.settled();
			this.world.clock.advance(1_000);
		}
	}

	check(): void {
		const { commits } = this.world.actors.get(KEY);
		for (const device of this.devices) {
			const { userId, resume, log } = device;
			expect(device.isOpen).toBe(true);
			expect(log).toEqual(this.world.actors.heard(KEY, userId));
			const last = commits.findLast(({ told }) =>
				told.some(({ audience }) => audience === 'all' || audience.includes(userId)),
			);
			expect(resume?.[0]).toBeGreaterThanOrEqual(last?.told[0]?.position ?? 0);
		}
	}
}

async function explore(steps: readonly Step[], limits: object): Promise<void> {
	const world = await TestGateway.start({ limits: { silenceMs: 1e9, stalledMs: 1e9, ...limits } });
	try {
		const run = new Run(world);
		const hearing = watchRevocations(run);
		for (const step of steps) {
			await run.step(step);
			hearing();
		}
		await run.settle();
		run.check();
	} finally {
		await world.stop();
	}
}

/** Nobody hears in one opening what lies behind the end of their right. */
function watchRevocations(run: Run): () => void {
	return () => {
		for (const { userId, openedAt, isOpen, resume } of run.devices) {
			if (!isOpen || resume === undefined) continue;
			const crossed = run.revocations.find(
				({ userId: revoked, position }) =>
					revoked === userId && openedAt < position && (resume[0] as number) > position,
			);
			expect(crossed, `${userId} heard behind a revocation`).toBeUndefined();
		}
	};
}

describe('interleavings', () => {
	const steps = fc.array(stepArbitrary, { minLength: 5, maxLength: 60 });

	test('[P2][W18][W19] every device sees exactly what its user may, in order, once', async () => {
		await fc.assert(
			fc.asyncProperty(steps, (taken) => explore(taken, {})),
			{ numRuns: 40 },
		);
	});

	test('[P3][W31] the same with slow readers and rings that lose what they hold', async () => {
		const limits = {
			dataBytesMax: 120,
			quietHandleBytesMax: 40,
			ringBytesMax: 900,
			ringEventsMax: 8,
		};
		await fc.assert(
			fc.asyncProperty(steps, (taken) => explore(taken, limits)),
			{ numRuns: 40 },
		);
	});
});
