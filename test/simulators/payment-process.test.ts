import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const MAIN = new URL('../../src/simulators/payment/main.ts', import.meta.url);

test('the simulator as a process tells its address, and ends with its parent', async () => {
	const child = fork(MAIN, ['--port', '0', '--host', '127.0.0.1'], { silent: true });
	try {
		const [{ url }] = (await once(child, 'message')) as [{ url: string }];
		expect(await (await fetch(`${url}/ledger`)).json()).toEqual([]);
		const ended = once(child, 'exit');
		child.disconnect();
		expect((await ended)[0]).toBe(0);
	} finally {
		child.kill();
	}
});
