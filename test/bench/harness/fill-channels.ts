/**
 * Fills channels of a cluster's stores through the production host, and puts each away with a
 * snapshot. Run as a process; the last argument is a {@link Channels} as JSON. Prints the CPU time it
 * took, in microseconds.
 */
import { channelKind } from '../../../actors/channel/channel-kind.ts';
import { openMongoShards } from '../../../src/adapters/mongo/open-mongo-shards.ts';
import { nodeRuntime } from '../../../src/adapters/node/node-runtime.ts';
import type { ActorKind } from '../../../src/core/actor-kind.ts';
import { ActorSystem } from '../../../src/core/actor-system.ts';
import { REQUESTS } from '../../../src/core/store.ts';
import { actorKey } from '../../../src/protocol/ids.ts';
import { numbered } from '../clients/member.ts';
import { eachOf } from './crowd.ts';
import { TEXT_LENGTH } from './schedule.ts';

export interface Channels {
	/** `MONGO_URL` of the nodes, and the name of their environment. */
	readonly url: string;
	readonly environment: string;
	/** They are called `c0`, `c1`, … */
	readonly channels: number;
	/** In each: `u0`, `u1`, … */
	readonly members: number;
	readonly messages: number;
}

const FILLING_MAX = 64;

const { url, environment, channels, members, messages } = JSON.parse(
	process.argv[2] ?? '{}',
) as Channels;
const kind = channelKind as unknown as ActorKind;
const shards = await openMongoShards({
	urls: [url],
	environment,
	collections: [...kind.collections, REQUESTS],
	runtime: nodeRuntime,
});
const actors = new ActorSystem({ ...shards, kinds: [kind], runtime: nodeRuntime });

function command(id: string, userId: string, request: { name: string; args: unknown }) {
	const caller = { userId, roles: ['user'] };
	return new Promise<void>((resolve, reject) => {
		actors.command(actorKey('channel', id), { caller, ...request }, (answer) => {
			if (answer.ok) resolve();
			else reject(new Error(`${id} ${request.name}: ${answer.code} ${answer.message ?? ''}`));
		});
	});
}

async function fill(id: string): Promise<void> {
	await command(id, 'u0', { name: 'join', args: {} });
	const joins = Array.from({ length: members - 1 }, (_, n) =>
		command(id, `u${n + 1}`, { name: 'join', args: {} }),
	);
	await Promise.all(joins);
	const sends = Array.from({ length: messages }, (_, n) =>
		command(id, `u${n % members}`, {
			name: 'send',
			args: { text: numbered(n + 1, TEXT_LENGTH) },
		}),
	);
	await Promise.all(sends);
	await actors.release(actorKey('channel', id));
}

await eachOf(channels, (index) => fill(`c${index}`), FILLING_MAX);
await actors.close();
await shards.close();
const { user, system } = process.cpuUsage();
process.stdout.write(String(user + system));
process.exit(0);
