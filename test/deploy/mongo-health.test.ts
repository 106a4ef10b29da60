import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { fileOf } from './support/deployed.ts';

const SCRIPT = fileOf('deploy/mongo/health.js');

/** A MongoDB as its shell shows it: `code`, what `rs.status()` throws. */
function check({ code, isPrimary = false }: { code?: number; isPrimary?: boolean }) {
	const initiated: unknown[] = [];
	let exitCode = 0;
	const status = () => {
		if (code !== undefined) throw Object.assign(new Error('no status'), { code });
	};
	runInNewContext(SCRIPT, {
		rs: { status, initiate: (config: unknown) => initiated.push(config) },
		db: { hello: () => ({ isWritablePrimary: isPrimary }) },
		quit: (given: number) => {
			exitCode = given;
		},
	});
	return { initiated, exitCode };
}

describe('the health check of MongoDB', () => {
	test('makes the set when there is none, and is not content before it has a primary', () => {
		const { initiated, exitCode } = check({ code: 94 });
		expect(initiated).toEqual([{ _id: 'naru', members: [{ _id: 0, host: 'mongo:27017' }] }]);
		expect(exitCode).toBe(1);
	});

	test('leaves a set that there is alone', () => {
		expect(check({ isPrimary: true })).toEqual({ initiated: [], exitCode: 0 });
		expect(check({ isPrimary: false })).toEqual({ initiated: [], exitCode: 1 });
	});

	test('fails for any other reason, and makes nothing', () => {
		expect(() => check({ code: 13 })).toThrow('no status');
	});
});
