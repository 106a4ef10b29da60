/** Tells the person what goes on, one line each; standard output stays for the answer. */
export const say = (line: string): void => {
	process.stderr.write(`services: ${line}\n`);
};
