/**
 * Prints `N passed, N failed` from the reports of a CI run: `NAME.json` of vitest beside `NAME.exit`
 * with the exit code of each step. A step that failed without naming a test (a linter, a crashed
 * runner, an error outside of any test) counts as one failed. Exits with 1 when anything failed.
 *
 * Plain JavaScript, for it also has to run when the installation failed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = process.argv[2] ?? '.';
let passed = 0;
let failed = 0;

/** Passed and failed tests of a vitest report; nothing when there is none that can be read. */
function tests(path) {
	if (!existsSync(path)) return { passed: 0, failed: 0 };
	try {
		const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(path, 'utf8'));
		return { passed: numPassedTests, failed: numFailedTests };
	} catch {
		return { passed: 0, failed: 1 };
	}
}

for (const file of readdirSync(directory).filter((name) => name.endsWith('.exit'))) {
	const name = file.slice(0, -'.exit'.length);
	const exitCode = readFileSync(join(directory, file), 'utf8').trim();
	const counted = tests(join(directory, `${name}.json`));
	const unnamed = exitCode !== '0' && counted.failed === 0 ? 1 : 0;
	passed += counted.passed;
	failed += counted.failed + unnamed;
	if (exitCode !== '0') console.log(`step failed: ${name} (exit code ${exitCode})`);
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
