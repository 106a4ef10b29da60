import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let directory: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'naru-reports-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Leaves what a step of `.ci/run` leaves. */
function step(name: string, exitCode: number, report?: object | string): void {
	writeFileSync(join(directory, `${name}.exit`), `${exitCode}\n`);
	if (report === undefined) return;
	const text = typeof report === 'string' ? report : JSON.stringify(report);
	writeFileSync(join(directory, `${name}.json`), text);
}

const report = (numPassedTests: number, numFailedTests: number) => ({
	numPassedTests,
	numFailedTests,
});

function sum(): { lastLine: string | undefined; exitCode: number | null } {
	const script = new URL('../../.ci/sum-reports.mjs', import.meta.url).pathname;
	const { stdout, status } = spawnSync(process.execPath, [script, directory], { encoding: 'utf8' });
	return { lastLine: stdout.trimEnd().split('\n').at(-1), exitCode: status };
}

test('adds the tests of all suites', () => {
	step('lint', 0);
	step('unit', 0, report(300, 0));
	step('browser', 0, report(12, 0));
	expect(sum()).toEqual({ lastLine: '312 passed, 0 failed', exitCode: 0 });
});

test('a failed test is counted once', () => {
	step('unit', 1, report(299, 1));
	expect(sum()).toEqual({ lastLine: '299 passed, 1 failed', exitCode: 1 });
});

test('a gate that fails counts as one', () => {
	step('lint', 1);
	step('types', 2);
	step('unit', 0, report(5, 0));
	expect(sum()).toEqual({ lastLine: '5 passed, 2 failed', exitCode: 1 });
});

test('a runner that crashed counts as failed: no report, half a report, all green but exit 1', () => {
	step('unit', 137);
	step('browser', 1, '{"numPassedTests": 3,');
	step('services', 1, report(7, 0));
	expect(sum()).toEqual({ lastLine: '7 passed, 3 failed', exitCode: 1 });
});

test('nothing done is no success', () => {
	expect(sum()).toEqual({ lastLine: '0 passed, 0 failed', exitCode: 1 });
});
