/** What reaches the platform as uncaught while `run` runs, instead of failing the test. */
export async function uncaught(run: () => Promise<unknown>): Promise<readonly unknown[]> {
	const errors: unknown[] = [];
	const before = process.listeners('unhandledRejection');
	process.removeAllListeners('unhandledRejection');
	process.on('unhandledRejection', (error) => errors.push(error));
	try {
		await run();
		await new Promise((resolve) => setImmediate(resolve));
	} finally {
		process.removeAllListeners('unhandledRejection');
		for (const listener of before) process.on('unhandledRejection', listener);
	}
	return errors;
}
