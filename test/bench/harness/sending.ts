import { numbered } from '../clients/member.ts';
import type { Speaker } from '../clients/speaker.ts';
import { eachOf } from './crowd.ts';
import { TEXT_LENGTH } from './schedule.ts';

/** What was answered in how long. */
export interface Sent {
	readonly perSecond: number;
	/** From when a message was due to its answer. */
	readonly latenciesMs: readonly number[];
}

const SETTLE_MAX_MS = 5_000;
const text = numbered(1, TEXT_LENGTH);

/** Everybody sends the next message when the last is answered, for `seconds`. */
export async function closedLoop(speakers: readonly Speaker[], seconds: number): Promise<Sent> {
	const latenciesMs: number[] = [];
	const start = performance.now();
	const end = start + seconds * 1_000;
	await eachOf(
		speakers.length,
		async (index) => {
			for (let sentAt = performance.now(); sentAt < end; ) {
				await speakers[index]?.send(text);
				const answeredAt = performance.now();
				latenciesMs.push(answeredAt - sentAt);
				sentAt = answeredAt;
			}
		},
		speakers.length,
	);
	const elapsedSeconds = (performance.now() - start) / 1_000;
	return { perSecond: latenciesMs.length / elapsedSeconds, latenciesMs };
}

/** Messages are due at a fixed rate whatever the answers do, at each speaker in turn. */
export async function openLoop(
	speakers: readonly Pick<Speaker, 'send'>[],
	{ perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Sent> {
	const latenciesMs: number[] = [];
	const count = perSecond * seconds;
	const start = performance.now();
	const answers: Promise<unknown>[] = [];
	for (let next = 0; next < count; ) {
		const due = Math.min(count, ((performance.now() - start) * perSecond) / 1_000);
		for (; next < due; next++) {
			const dueAt = start + (next * 1_000) / perSecond;
			const answered = () => latenciesMs.push(performance.now() - dueAt);
			const speaker = speakers[next % speakers.length];
			if (speaker !== undefined) answers.push(speaker.send(text).then(answered));
		}
		await new Promise((later) => setTimeout(later, 1));
	}
	await Promise.all(answers);
	return { perSecond: (count * 1_000) / (performance.now() - start), latenciesMs };
}

/** Waits until everybody has heard all; answers how many messages were missed. */
export async function heardAll(speakers: readonly Speaker[]): Promise<number> {
	const missed = () => speakers.reduce((sum, speaker) => sum + speaker.missed, 0);
	const deadline = performance.now() + SETTLE_MAX_MS;
	while (missed() > 0 && performance.now() < deadline)
		await new Promise((look) => setTimeout(look, 10));
	return missed();
}
