import type { UserConfig } from 'vite';

/** The inspector: static files that show nothing by themselves, served by every node at `/inspector`. */
export default {
	root: import.meta.dirname,
	base: '/inspector/',
	build: {
		target: 'es2022',
		// Everything is a file of its own: the page's policy allows no inline script or data font.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
	},
	oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
} satisfies UserConfig;
