import { parentPort } from 'node:worker_threads';
import type { Answer, Call, OpsOf, ToThread } from './thread-protocol.ts';

/** After so long in one message the answers so far leave, so that none waits for many pages. */
const ANSWER_DELAY_MS = 2;

export interface ThreadHooks {
	/** Work that nobody waits for, once the answers of a message are out. */
	readonly afterAnswers?: () => void;
	readonly close: () => void;
}

/** Runs in a storage thread: serves calls until told to close. Say it last: it tells `ready`. */
export function serveThread<Ops extends OpsOf<Ops>>(ops: Ops, hooks: ThreadHooks): void {
	const port = parentPort;
	if (port === null) throw new Error('this file is the script of a worker thread');
	port.on('message', (message: ToThread) => {
		if (message === 'close') {
			hooks.close();
			port.close();
			return;
		}
		let answers: Answer[] = [];
		const post = () => {
			if (answers.length > 0) port.postMessage(answers, buffersOf(answers));
			answers = [];
		};
		let postedAt = performance.now();
		for (const call of message) {
			answers.push(answerTo(ops, call));
			if (performance.now() - postedAt < ANSWER_DELAY_MS) continue;
			post();
			postedAt = performance.now();
		}
		post();
		hooks.afterAnswers?.();
	});
	port.postMessage([]);
}

function answerTo<Ops extends OpsOf<Ops>>(ops: Ops, [id, op, args]: Call): Answer {
	try {
		return [id, undefined, ops[op as keyof Ops](args as never)];
	} catch (error) {
		return [id, error instanceof Error ? error.message : String(error)];
	}
}

/** Buffers that an answer has for itself are handed over instead of copied. */
function buffersOf(answers: readonly Answer[]): ArrayBuffer[] {
	const found: ArrayBuffer[] = [];
	for (const [, , value] of answers) {
		if (!(value instanceof Uint8Array) || !(value.buffer instanceof ArrayBuffer)) continue;
		if (value.byteLength === value.buffer.byteLength) found.push(value.buffer);
	}
	return found;
}
