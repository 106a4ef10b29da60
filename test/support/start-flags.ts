import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(
	readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { readonly scripts: { readonly start: string } };

/** What `npm start` tells node itself: `node FLAG… src/main.ts`. */
export const START_FLAGS: readonly string[] = scripts.start.split(' ').slice(1, -1);
