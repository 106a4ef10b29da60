import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openRedisDirectory } from '../../src/adapters/redis/redis-directory.ts';
import { SILENT } from '../../src/core/log.ts';
import { directoryContract } from '../contract/directory-contract.ts';
import { serviceUrls } from './urls.ts';

/** Ends all keys of an environment; the server is shared, so it is never flushed. */
async function forgetAll(redis: Redis, environment: string): Promise<void> {
	const pattern = `{naru:${environment}}:*`;
	for await (const keys of redis.scanStream({ match: pattern, count: 10_000 })) {
		if ((keys as string[]).length > 0) await redis.del(keys as string[]);
	}
}

directoryContract('redis', async () => {
	const url = serviceUrls().REDIS_URL;
	const environment = `test-${randomUUID()}`;
	const options = { url, environment, log: SILENT };
	const [one, two] = await Promise.all([openRedisDirectory(options), openRedisDirectory(options)]);
	const redis = new Redis(url);
	return {
		one,
		two,
		flush: () => forgetAll(redis, environment),
		pass: (ms) => sleep(ms),
		close: async () => {
			await forgetAll(redis, environment);
			redis.disconnect();
			await Promise.all([one.close(), two.close()]);
		},
	};
});
