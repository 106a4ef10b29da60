/**
 * Fills channels with messages through the production host, journal and projection writer, much
 * faster than over sockets. Run as a process; the last argument is a {@link Filling} as JSON. Prints
 * the CPU time it took, in microseconds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { channelKind } from '../../../actors/channel/channel-kind.ts';
import { nodeRuntime } from '../../../src/adapters/node/node-runtime.ts';
import { openSqlite } from '../../../src/adapters/sqlite/open-sqlite.ts';
import type { ActorKind } from '../../../src/core/actor-kind.ts';
import { ActorSystem } from '../../../src/core/actor-system.ts';
import { REQUESTS } from '../../../src/core/store.ts';
import { actorKey } from '../../../src/protocol/ids.ts';
import { numbered } from '../clients/member.ts';
import { TEXT_LENGTH } from './schedule.ts';

export interface Filling {
	readonly directory: string;
	/** Messages by channel. */
	readonly channels: Readonly<Record<string, number>>;
	/** Members of each channel. */
	readonly members: number;
}

/** Commands in one turn of the host. */
const WAVE = 1_000;
/** Events that may wait for the store while more are decided. */
const BACKLOG_MAX = 20_000;

const { directory, channels, members } = JSON.parse(process.argv[2] ?? '{}') as Filling;
const kind = channelKind as unknown as ActorKind;
const sqlite = await openSqlite({ directory, collections: [...kind.collections, REQUESTS] });
const actors = new ActorSystem({ ...sqlite, kinds: [kind], runtime: nodeRuntime });

function command(id: string, userId: string, request: { name: string; args: unknown }) {
	const caller = { userId, roles: ['user'] };
	return new Promise<void>((resolve, reject) => {
		actors.command(actorKey('channel', id), { caller, ...request }, (answer) => {
			if (answer.ok) resolve();
			else reject(new Error(`${id} ${request.name}: ${answer.code} ${answer.message ?? ''}`));
		});
	});
}

for (const [id, messages] of Object.entries(channels)) {
	await command(id, 'u0', { name: 'join', args: {} });
	const join = (_: unknown, member: number) =>
		command(id, `u${member}`, { name: 'join', args: {} });
	await Promise.all(Array.from({ length: members }, join));
	for (let n = 0; n < messages; ) {
		const wave = Array.from({ length: Math.min(WAVE, messages - n) }, () => {
			const text = numbered(++n, TEXT_LENGTH);
			return command(id, `u${n % members}`, { name: 'send', args: { text } });
		});
		await Promise.all(wave);
		while (actors.projector.backlog > BACKLOG_MAX) await sleep(1);
	}
}
await actors.close();
await sqlite.close();
const { user, system } = process.cpuUsage();
process.stdout.write(String(user + system));
process.exit(0);
