import { expect, test } from 'vitest';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import type { ActorHost } from '../../src/core/actor-host.ts';
import type { ActorObserver } from '../../src/core/actor-observers.ts';
import { SILENT } from '../../src/core/log.ts';
import { actorAnswers } from '../../src/ops/actor-answers.ts';
import type { OpsArgs } from '../../src/ops/node-answers.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';

const COUNT = 100_000;
const keyOf = (n: number): ActorKey => `channel/c${String(n).padStart(5, '0')}`;

/** What a page shows of a host. Counts how often any host is looked at. */
class CountedHosts {
	readonly hosts = new Map<ActorKey, ActorHost>();
	looks = 0;
	observer: ActorObserver = {};

	open(key: ActorKey): void {
		const host = {
			...{ key, phase: 'live', position: 1, epoch: 1, mailboxLength: 0, subscribers: new Set() },
			door: { idleMs: 0 },
			figures: () => {
				this.looks++;
				return {};
			},
		};
		this.hosts.set(key, host as unknown as ActorHost);
		this.observer.activated?.(key);
	}

	close(key: ActorKey): void {
		this.hosts.delete(key);
		this.observer.closed?.(key);
	}
}

test('[P40] among 100,000 actors a page costs what it shows, while others come and go', async () => {
	const counted = new CountedHosts();
	const unused = () => Promise.reject(new Error('not asked here'));
	const answers = actorAnswers({
		actors: {
			hosts: counted.hosts,
			observe: (observer) => {
				counted.observer = observer;
			},
			inspect: unused,
			release: unused,
			projector: undefined as never,
		},
		journal: { head: unused, read: unused },
		line: unused as never,
		runtime: nodeRuntime,
		log: SILENT,
	});
	for (let n = 0; n < COUNT; n++) counted.open(keyOf((n * 7_919) % COUNT));

	const page = async (args: Partial<OpsArgs<'actors'>>) => {
		const answer = await answers.actors({ node: '1', prefix: '', limit: 50, ...args });
		if (!answer.ok) throw new Error(answer.code);
		return { ...answer.reply, keys: answer.reply.actors.map(({ key }) => key) };
	};

	const deep = await page({ after: keyOf(60_000) });
	expect(deep.keys).toEqual(Array.from({ length: 50 }, (_, n) => keyOf(60_001 + n)));
	expect(deep).toMatchObject({ next: keyOf(60_050), total: COUNT });
	expect((await page({ prefix: 'channel/c7777' })).keys).toEqual(
		Array.from({ length: 10 }, (_, n) => keyOf(77_770 + n)),
	);
	expect(counted.looks).toBe(60);

	for (let n = 0; n < COUNT; n += 2) counted.close(keyOf(n));
	const seen: string[] = [];
	for (let after: string | undefined; ; ) {
		const { keys, next } = await page({ after, limit: 200 });
		seen.push(...keys);
		if (next === undefined) break;
		after = next;
		// Behind what was seen already: must not come again.
		counted.open(keyOf(0));
	}
	expect(seen).toEqual(Array.from({ length: COUNT / 2 }, (_, n) => keyOf(2 * n + 1)));
});
