import { describe, expect, test } from 'vitest';
import { Hearsay } from '../../src/cluster/hearsay.ts';
import { VirtualRuntime } from './virtual-runtime.ts';

const STALE_MS = 3_000;
const BEAT_MS = 500;

/** What one node hears, beat by beat. */
function ear() {
	const clocks = new VirtualRuntime();
	const hearsay = new Hearsay({ clocks, self: 'self', staleMs: STALE_MS });
	const hear = (id: string) => {
		const node = { id, url: '', pid: 1, environment: 'test', startedAt: 0 };
		const load = { sockets: 0, actors: 0, loopDelayMs: 0, overloaded: false };
		hearsay.heard({ node, state: 'up', load, directoryAway: true });
	};
	/** Time in which beats come from these nodes and no others. */
	const listen = (ms: number, ...ids: readonly string[]) => {
		for (let passed = 0; passed < ms; passed += BEAT_MS) {
			clocks.advance(BEAT_MS);
			for (const id of ids) hear(id);
		}
	};
	return { clocks, hearsay, listen };
}

describe('what is said while the directory is away', () => {
	test('[P22] a node that is silent for long is passed over', () => {
		const { hearsay, listen } = ear();
		listen(2_000, 'self', 'peer');
		listen(2_500, 'self');
		expect(hearsay.excuseMs()).toBe(STALE_MS / 2);
	});

	test('[P22] silence while this node was deaf says nothing of others: they may be about to claim', () => {
		const { hearsay, listen } = ear();
		listen(2_000, 'self', 'peer');
		listen(3_500);
		listen(1_500, 'self');
		expect(hearsay.hearsOthers).toBe(true);
		expect(hearsay.excuseMs()).toBe(0);
		listen(1_000, 'self');
		expect(hearsay.excuseMs()).toBe(STALE_MS / 2);
	});

	test('[P22] who goes deaf has given up before one whom it passed over may claim', () => {
		const { clocks, hearsay, listen } = ear();
		listen(5_000, 'self');
		const leftMs = hearsay.excuseMs();
		const peer = ear();
		peer.listen(BEAT_MS, 'self');
		for (let ms = 0; ms <= leftMs; ms += BEAT_MS) {
			expect(peer.hearsay.isHeardByAll).toBe(false);
			peer.listen(BEAT_MS, 'self');
		}
		clocks.advance(leftMs);
		expect(hearsay.excuseMs()).toBe(0);
		peer.listen(STALE_MS, 'self');
		expect(peer.hearsay.isHeardByAll).toBe(true);
	});
});
