import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Channel } from '../../client-sdk/src/channel.ts';
import type { Naru } from '../../client-sdk/src/naru.ts';
import type { FakeChannel } from './support/fake-channel.ts';
import { FakeServer } from './support/fake-server.ts';
import { outcome, sourceSdk } from './support/sdk.ts';
import { VirtualWorld } from './support/virtual-world.ts';

const actionArbitrary = fc.oneof(
	{ weight: 5, arbitrary: fc.record({ type: fc.constant('send'), device: fc.nat(1) }) },
	{ weight: 2, arbitrary: fc.record({ type: fc.constant('bob'), device: fc.nat(1) }) },
	{
		weight: 4,
		arbitrary: fc.record({
			type: fc.constantFrom('edit', 'delete', 'react', 'read', 'bobEdits'),
			device: fc.nat(1),
			seq: fc.integer({ min: 1, max: 12 }),
		}),
	},
	{ weight: 3, arbitrary: fc.record({ type: fc.constant('wait'), device: fc.constant(0) }) },
);

/** Frames, counted over all sockets and both ways, after which their socket is cut. */
const cutsArbitrary = fc.uniqueArray(fc.integer({ min: 3, max: 90 }), { maxLength: 8 });
/** Commands that are refused for now. */
const refusalsArbitrary = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 6 });

interface Device {
	readonly naru: Naru;
	readonly channel: Channel;
	readonly seqs: number[];
	firstSeq: number;
}

type Action = { type: string; device: number; seq?: number };

class Scenario {
	readonly world = new VirtualWorld();
	readonly server = new FakeServer(this.world);
	readonly general: FakeChannel = this.server.made('general', 'ann', 'bob');
	readonly devices: Device[] = [];
	readonly sent: { readonly clientId: string; readonly state: ReturnType<typeof outcome> }[] = [];

	async begin(cuts: readonly number[], refusals: readonly number[]): Promise<void> {
		this.#bob('send', { text: 'hello' });
		for (const deviceId of ['phone', 'desk']) {
			const naru = sourceSdk.connect(this.world, { url: 'ws://x/', token: 'ann', deviceId });
			const channel = naru.channel('general');
			const device: Device = { naru, channel, seqs: [], firstSeq: 0 };
			channel.on('message', ({ seq }) => device.seqs.push(seq));
			this.devices.push(device);
			const opened = outcome(channel.open());
			await this.world.advance(10);
			expect(opened.error).toBeUndefined();
			device.firstSeq = this.general.messages.length + 1;
		}
		let frames = 0;
		this.server.afterFrame = (_, { socket }) => {
			if (cuts.includes(++frames)) socket.cut();
		};
		let commands = 0;
		this.server.refuseCommand = () => {
			const isRefused = refusals.includes(++commands);
			return isRefused ? { code: commands % 2 ? 'BUSY' : 'MOVED', retryAfterMs: 50 } : undefined;
		};
	}

	async act({ type, device, seq = 1 }: Action): Promise<void> {
		const channel = this.devices[device]?.channel as Channel;
		const clientId = `c${this.sent.length}`;
		if (type === 'send') {
			const state = outcome(channel.send(`text of ${clientId}`, { clientId }));
			this.sent.push({ clientId, state });
		} else if (type === 'bob') this.#bob('send', { text: 'from bob' });
		else if (type === 'bobEdits') this.#bob('edit', { seq, text: 'edited by bob' });
		else if (type === 'edit') outcome(channel.edit(seq, `edited by ${device}`));
		else if (type === 'delete') outcome(channel.delete(seq));
		else if (type === 'react') outcome(channel.react(seq, 'x', device === 0));
		else if (type === 'read') outcome(channel.read(seq));
		else await this.world.advance(3);
	}

	/** All cuts are over and all that waits has had its time. */
	async settle(): Promise<void> {
		this.server.afterFrame = () => {};
		this.server.refuseCommand = () => undefined;
		await this.world.advance(60_000);
	}

	#bob(name: string, args: Record<string, unknown>): void {
		this.server.by(this.general, { userId: 'bob', name, args });
	}
}

function check({ general, devices, sent }: Scenario): void {
	for (const { clientId, state } of sent) {
		expect(state.error).toBeUndefined();
		expect(general.effects.get(clientId)).toBe(1);
		expect(general.messages.filter((message) => message.clientId === clientId)).toHaveLength(1);
	}
	const view = general.view('ann', 50);
	for (const { channel, seqs, firstSeq } of devices) {
		const behind = general.messages.length - firstSeq + 1;
		expect(seqs).toEqual(Array.from({ length: behind }, (_, at) => firstSeq + at));
		expect(channel.messages).toEqual(view.messages);
		expect(channel.unread).toBe(view.unread);
		expect(channel.me?.marker).toBe(view.me?.marker);
		expect(channel.pending).toEqual([]);
	}
}

describe('cuts', () => {
	test('[C5] [C7] [P2] cut after any frame: every send takes effect once, all devices see the same', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(actionArbitrary, { minLength: 5, maxLength: 40 }),
				cutsArbitrary,
				refusalsArbitrary,
				async (actions, cuts, refusals) => {
					const scenario = new Scenario();
					await scenario.begin(cuts, refusals);
					for (const action of actions) await scenario.act(action);
					await scenario.settle();
					check(scenario);
				},
			),
			{ numRuns: 150 },
		);
	});
});
