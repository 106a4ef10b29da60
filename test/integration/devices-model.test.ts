import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Channel, NaruError } from '../../client-sdk/src/index.ts';
import { signToken } from '../../src/gateway/auth/sign-token.ts';
import type { NaruServer } from '../../src/server.ts';
import type { Device } from '../support/device.ts';
import { JournalChannel } from '../support/journal-channel.ts';
import { World } from '../support/world.ts';

/** A longer run: `DEVICES_RUNS=100 vitest run --project unit test/integration/devices-model.test.ts`. */
const RUNS = Number(process.env.DEVICES_RUNS ?? 5);
const SECRET = 'a secret of this test, of at least 32 characters';
const USERS = ['ann', 'bob', 'cyd'];
const DEVICES = 2 * USERS.length;
const CHANNELS = ['hall', 'yard', 'den', 'loft'];
const GROUPS = CHANNELS.slice(2);
/** Refusals that a user may meet by racing with others. */
const EXPECTED = ['FORBIDDEN', 'NOT_FOUND', 'CONFLICT'];

const world = new World();
afterEach(() => world.end());

const CALLS = ['send', 'edit', 'delete', 'react', 'join', 'leave', 'read'] as const;

interface Call {
	readonly what: (typeof CALLS)[number];
	readonly device: number;
	readonly channel: number;
	/** Picks a message among those that the device may mean. */
	readonly which: number;
	readonly on: boolean;
	/** Waits for the answer before the next step. */
	readonly waits: boolean;
}

type Step = Call | { readonly what: 'cut' | 'mend'; readonly device: number };

const device = fc.nat({ max: DEVICES - 1 });
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({
			what: fc.constantFrom<Call['what'][]>(...CALLS, 'send', 'send', 'edit', 'react'),
			device,
			channel: fc.nat({ max: CHANNELS.length - 1 }),
			which: fc.nat({ max: 7 }),
			on: fc.boolean(),
			waits: fc.boolean(),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			what: fc.constantFrom<('cut' | 'mend')[]>('cut', 'mend', 'mend'),
			device,
		}),
	},
);

/** One run: users with two devices each, who share all channels. */
class Run {
	readonly #devices: Device[] = [];
	readonly #cut = new Set<Device>();
	readonly #answers: Promise<void>[] = [];
	readonly #acknowledged: string[] = [];
	readonly #refusals: string[] = [];
	readonly #server: NaruServer;
	readonly #name: string;
	#texts = 0;

	constructor(server: NaruServer, name: string) {
		this.#server = server;
		this.#name = name;
	}

	async begin(): Promise<void> {
		for (const name of [...USERS, ...USERS]) {
			const token = await signToken({ secret: SECRET, userId: this.#user(name) });
			this.#devices.push(world.device(this.#server.url, this.#user(name), { token }));
		}
		const [first] = this.#devices as [Device];
		const members = USERS.slice(1).map((name) => this.#user(name));
		for (const id of CHANNELS) {
			const kind = GROUPS.includes(id) ? 'group' : 'open';
			const invited = kind === 'group' ? { members } : {};
			await first.naru.channels.create({ id: this.#id(id), kind, name: id, ...invited });
		}
		await Promise.all(
			this.#devices.flatMap((one) => CHANNELS.map((id) => this.#channel(one, id).open())),
		);
	}

	async take(step: Step): Promise<void> {
		const one = this.#devices[step.device] as Device;
		if ('waits' in step) await this.#give(one, step);
		else if (step.what === 'cut') {
			this.#cut.add(one);
			one.cut();
		} else {
			this.#cut.delete(one);
			one.mend();
		}
		await new Promise((resolve) => setImmediate(resolve));
	}

	async #give(one: Device, step: Call): Promise<void> {
		const answer = this.#call(one, step).catch((error: NaruError) => {
			this.#refusals.push(error.code);
		});
		this.#answers.push(answer);
		// An answer that cannot come, or that is gathered for a second, is not waited for.
		const isNear = this.#cut.size === 0 && step.what !== 'read';
		if (step.waits && isNear) await answer;
	}

	/** All come back, all is answered; then everybody has to see what the journal says. */
	async check(): Promise<void> {
		await Promise.all(this.#devices.map((one) => one.comeBack()));
		await Promise.all(this.#answers);
		expect(this.#refusals.filter((code) => !EXPECTED.includes(code))).toEqual([]);
		const models = await Promise.all(
			CHANNELS.map((id) => JournalChannel.of(this.#server.journal, this.#id(id))),
		);
		const stored = new Set(models.flatMap(({ ids }) => ids));
		expect(this.#acknowledged.filter((id) => !stored.has(id))).toEqual([]);
		await Promise.all(
			this.#devices.flatMap((one) => [
				...CHANNELS.map((id, index) => this.#compare(one, id, models[index] as JournalChannel)),
				this.#compareList(one, models),
			]),
		);
	}

	/** The list of own channels says the same as the channels themselves, and names no other. */
	async #compareList(one: Device, models: readonly JournalChannel[]): Promise<void> {
		const { channels } = await one.naru.channels.list({ limit: 200 });
		const listed = channels.map(({ id, unread, lastSeq, memberCount, marker }) => {
			return { id, unread, lastSeq, memberCount, marker };
		});
		const own = CHANNELS.flatMap((name, index) => {
			const model = models[index] as JournalChannel;
			if (!model.members.includes(one.userId)) return [];
			const { messages, ...view } = model.view(one.userId);
			return [{ id: this.#id(name), lastSeq: messages.length, ...view }];
		});
		expect(listed.sort(byId)).toEqual(own.sort(byId));
	}

	async end(): Promise<void> {
		await Promise.all(this.#devices.map(({ naru }) => naru.close()));
	}

	async #compare(one: Device, id: string, model: JournalChannel): Promise<void> {
		if (!model.members.includes(one.userId)) return;
		const channel = this.#channel(one, id);
		// A user who was taken out and in again opens anew; for the others this only waits.
		await channel.open({ last: 200 });
		await channel.history({ limit: 1 });
		expect(viewOf(channel)).toEqual(model.view(one.userId));
	}

	async #call(one: Device, step: Call): Promise<void> {
		const place = CHANNELS[step.channel] as string;
		const channel = this.#channel(one, place);
		const { on } = step;
		const seq = pick(channel, step, one.userId);
		switch (step.what) {
			case 'send': {
				const { id } = await channel.send(`${this.#name} ${++this.#texts}`);
				this.#acknowledged.push(id);
				return;
			}
			case 'edit':
				return channel.edit(seq, `${this.#name} ${++this.#texts} edited`);
			case 'delete':
				return channel.delete(seq);
			case 'react':
				return channel.react(seq, seq % 2 === 0 ? '👍' : '🎉', on);
			case 'join':
				return this.#enter(one, place);
			case 'leave':
				return this.#leave(one, place, on);
			default:
				await channel.read(seq);
		}
	}

	/** Who left a group is taken in by its owner. */
	#enter(one: Device, id: string): Promise<void> {
		const [owner] = this.#devices as [Device];
		if (!GROUPS.includes(id)) return this.#channel(one, id).join();
		return this.#channel(owner, id).add(one.userId);
	}

	#leave(one: Device, id: string, isKicked: boolean): Promise<void> {
		const [owner] = this.#devices as [Device];
		if (owner.userId !== one.userId && isKicked) return this.#channel(owner, id).kick(one.userId);
		return this.#channel(one, id).leave();
	}

	#channel(one: Device, id: string): Channel {
		return one.naru.channel(this.#id(id));
	}

	#id(channel: string): string {
		return `${this.#name}-${channel}`;
	}

	#user(name: string): string {
		return `${this.#name}-${name}`;
	}
}

/** A message that the device knows: of its own user for what only authors may do. */
function pick({ messages }: Channel, { what, which }: Call, userId: string): number {
	const isForAuthors = what === 'edit' || what === 'delete';
	const meant = messages.filter((message) => !isForAuthors || message.userId === userId);
	return meant.at(-1 - (which % Math.max(1, meant.length)))?.seq ?? 1;
}

const byId = (one: { readonly id: string }, other: { readonly id: string }) =>
	one.id < other.id ? -1 : 1;

const viewOf = ({ messages, unread, me, memberCount }: Channel) => ({
	messages,
	unread,
	marker: me?.marker,
	memberCount,
});

test('[C7][C8][C9] any interleaving on two devices each of three users gives every device of a member the same view and exact unread counts', {
	timeout: 60_000 + RUNS * 5_000,
}, async () => {
	const server = await world.server({ env: { AUTH_SECRET: SECRET } });
	let runs = 0;
	await fc.assert(
		fc.asyncProperty(
			fc.array(stepArbitrary, { minLength: 100, maxLength: 200, size: 'max' }),
			async (steps) => {
				const run = new Run(server, `r${++runs}`);
				await run.begin();
				try {
					for (const step of steps) await run.take(step);
					await run.check();
				} finally {
					await run.end();
				}
			},
		),
		{ numRuns: RUNS, endOnFailure: true },
	);
});
