import { expect, test } from 'vitest';
import { NO_METER } from '../../src/core/meter.ts';
import { Restarts } from '../../src/core/restarts.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const KEY = 'counter/one';

test('[P22] [H29] one crash behind an outage of the store leads to no long rest', () => {
	const restarts = new Restarts(new VirtualRuntime(), NO_METER);
	for (let count = 0; count < 20; count++) restarts.stopped(KEY, 'unreadable');
	restarts.stopped(KEY, 'crashed');
	expect(restarts.waitMs(KEY)).toBeLessThanOrEqual(2_000);
	for (let count = 0; count < 4; count++) restarts.stopped(KEY, 'crashed');
	expect(restarts.waitMs(KEY)).toBe(60_000);
});
