import { type Browser, chromium } from 'playwright-core';
import { build as buildPackage } from 'tsdown';
import { build } from 'vite';

/** Debian's; `CHROMIUM` names another. */
const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

const QUIET = [
	'--headless',
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

/** A Chromium that talks to nobody but the pages' servers. `hostName` leads to this machine. */
export const launchBrowser = (hostName: string): Promise<Browser> =>
	chromium.launch({
		executablePath: EXECUTABLE,
		args: [...QUIET, `--host-resolver-rules=MAP ${hostName} 127.0.0.1`],
	});

/** Builds a page to where the server serves it from: what is tested is what is in the sources. */
export async function buildPage(name: 'demo' | 'inspector'): Promise<void> {
	const root = new URL('../../../', import.meta.url).pathname;
	await build({
		configFile: `${root}src/${name}/vite.config.ts`,
		logLevel: 'error',
		build: { outDir: `${root}dist/${name}`, emptyOutDir: true },
	});
}

/** The same for the SDK's browser build. */
export async function buildSdk(): Promise<void> {
	const root = new URL('../../../client-sdk/', import.meta.url).pathname;
	await buildPackage({
		config: `${root}tsdown.config.ts`,
		cwd: root,
		filter: 'browser',
		logLevel: 'silent',
	});
}
