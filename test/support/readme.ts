import { readFileSync } from 'node:fs';

export const README: string = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The blocks of a language, as they stand there. */
export function blocksOf(language: string): readonly string[] {
	const blocks = README.matchAll(/^```(\w+)\n(.*?)^```$/gms);
	return [...blocks].filter(([, name]) => name === language).map(([, , block = '']) => block);
}
