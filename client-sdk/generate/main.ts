/** Writes client-sdk/src/generated from the contracts in src/protocol, and removes what is not of them. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED, generate } from './generate.ts';

const files = await generate();
mkdirSync(GENERATED, { recursive: true });
for (const name of readdirSync(GENERATED)) {
	if (!files.has(name)) rmSync(join(GENERATED, name));
}
for (const [name, source] of files) writeFileSync(join(GENERATED, name), source);
console.log(`wrote ${files.size} files to client-sdk/src/generated`);
