import { type Browser, chromium } from 'playwright-core';
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

/** A Chromium that talks to nobody but the pages' servers. */
export const launchBrowser = (): Promise<Browser> =>
	chromium.launch({ executablePath: EXECUTABLE, args: QUIET });

/** Builds the page to where the server serves it from: what is tested is what is in the sources. */
export async function buildDemo(): Promise<void> {
	const root = new URL('../../../', import.meta.url).pathname;
	await build({
		configFile: `${root}src/demo/vite.config.ts`,
		logLevel: 'error',
		build: { outDir: `${root}dist/demo`, emptyOutDir: true },
	});
}
