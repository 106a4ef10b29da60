import { defineConfig } from 'tsdown';

/**
 * The package for bundlers and Node, and the files for a script tag: `import … from '/sdk/naru.js'`, which
 * loads `room-schema.js` beside it with the first room.
 */
export default defineConfig([
	{
		name: 'package',
		entry: { index: 'src/index.ts' },
		outDir: 'dist/package',
		platform: 'neutral',
		target: 'es2022',
		dts: { oxc: { stripInternal: true } },
		fixedExtension: false,
		hash: false,
	},
	{
		name: 'browser',
		entry: { naru: 'src/index.ts' },
		outDir: 'dist/browser',
		platform: 'browser',
		target: 'es2022',
		dts: false,
		minify: true,
		fixedExtension: false,
		hash: false,
		deps: { alwaysBundle: [/./] },
	},
]);
