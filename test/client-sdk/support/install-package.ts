import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'tsdown';

export const ROOT = resolve(import.meta.dirname, '../../..');

/**
 * The npm package, built afresh and installed in an empty project; the caller removes `directory`.
 * `files`: what the package holds.
 */
export async function installPackage() {
	const directory = mkdtempSync(join(tmpdir(), 'naru-package-'));
	const source = join(directory, 'source');
	const project = join(directory, 'project');
	const installed = join(project, 'node_modules/@naru/client');
	await build({
		config: join(ROOT, 'client-sdk/tsdown.config.ts'),
		cwd: join(ROOT, 'client-sdk'),
		filter: 'package',
		outDir: join(source, 'dist/package'),
		logLevel: 'silent',
	});
	cpSync(join(ROOT, 'client-sdk/package.json'), join(source, 'package.json'));
	mkdirSync(installed, { recursive: true });
	const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', directory], {
		cwd: source,
		encoding: 'utf8',
	});
	const [{ filename, files }] = JSON.parse(packed) as [
		{ filename: string; files: { path: string }[] },
	];
	const archive = join(directory, filename);
	execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
	// What the package depends on, as an installation would put it there.
	for (const name of ['msgpackr', '@colyseus/schema']) {
		mkdirSync(resolve(project, 'node_modules', name, '..'), { recursive: true });
		symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
	}
	writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
	return { directory, project, files: files.map(({ path }) => path).sort() };
}
