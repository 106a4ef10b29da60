import type { UserConfig } from 'vite';

/** The demo page: static files without an outside address, served by the node at `/`. */
export default {
	root: import.meta.dirname,
	base: '/',
	build: {
		target: 'es2022',
		// Everything is a file of its own: the page's policy allows no inline script or data font.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
	},
	oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
} satisfies UserConfig;
