import { NaruError } from '../../../client-sdk/src/index.ts';

/** Asks again after a time-out: without a connection the SDK's answer is that, and then it is back. */
export async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
	for (;;) {
		try {
			return await ask();
		} catch (error) {
			if (!(error instanceof NaruError && error.code === 'TIMEOUT')) throw error;
		}
	}
}
