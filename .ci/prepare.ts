/**
 * Runs at the end of `npm ci` and `npm install`: builds what the server serves to browsers, the SDK,
 * the demo page and the inspector. Not when packing, and not without the development dependencies that build.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const BUILDS = ['sdk:build', 'demo:build', 'inspector:build'];
const { npm_command: command = '', npm_execpath: npm = '' } = process.env;

function build(script: string): void {
	const { status } = spawnSync(process.execPath, [npm, 'run', '--silent', script], {
		stdio: 'inherit',
	});
	if (status === 0) return;
	console.error(`naru: "npm run ${script}" failed, see above; without it the page is not served`);
	process.exit(1);
}

if (command === 'pack' || command === 'publish') {
	// The build belongs to a checkout.
} else if (npm === '') {
	console.error('naru: start this as "npm run prepare"');
	process.exit(1);
} else if (!existsSync('node_modules/vite') || !existsSync('node_modules/tsdown')) {
	console.log('naru: installed without development dependencies, so the pages are not built');
} else {
	for (const script of BUILDS) build(script);
}
