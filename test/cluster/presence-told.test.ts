import { expect, test } from 'vitest';
import { PresenceTold } from '../../src/cluster/presence-told.ts';

test('[P22] logouts that cannot be told for long do not fill the memory', () => {
	const told = new PresenceTold({ entryOf: () => undefined, lastActiveAt: () => undefined });
	for (let n = 0; n < 30_000; n++) {
		told.loggedOut({ userId: `user-${n}`, deviceId: 'phone', at: n });
	}
	const logouts = told.take().flatMap((delta) => delta.logouts);
	expect(logouts.length).toBe(10_000);
});
