import { type Line, numbered } from '../clients/member.ts';
import { seeded } from './statistics.ts';

/** Length of every text, in bytes. */
export const TEXT_LENGTH = 100;

/** Lines that leave together, `atMs` behind the start. */
export interface Salvo {
	readonly atMs: number;
	/** Channels, one for each line. */
	readonly channels: readonly number[];
}

/** `perSecond` salvos a second of `channels` each, for `seconds`. */
export function regular(
	perSecond: number,
	seconds: number,
	channels: readonly number[],
): readonly Salvo[] {
	return Array.from({ length: Math.round(perSecond * seconds) }, (_, index) => ({
		atMs: (index * 1_000) / perSecond,
		channels,
	}));
}

/** Each channel on its own at random times, `perSecond` on average; the same times in every run. */
export function scattered(
	perSecond: number,
	seconds: number,
	channels: readonly number[],
): readonly Salvo[] {
	const random = seeded(20_240_601);
	const salvos: Salvo[] = [];
	for (const channel of channels)
		for (let atMs = 0; ; ) {
			atMs += (-Math.log(1 - random()) * 1_000) / perSecond;
			if (atMs >= seconds * 1_000) break;
			salvos.push({ atMs, channels: [channel] });
		}
	return salvos.toSorted((a, b) => a.atMs - b.atMs);
}

/** Numbers the lines of each channel as they are said. */
export class Script {
	/** How many lines each channel has had. */
	readonly said: number[];

	constructor(channels: number) {
		this.said = Array.from({ length: channels }, () => 0);
	}

	/** Says every salvo at its time; resolves with the number of lines when the last is said. */
	play(salvos: readonly Salvo[], say: (lines: readonly Line[]) => void): Promise<number> {
		const start = performance.now();
		let lines = 0;
		let next = 0;
		return new Promise((resolve) => {
			const turn = () => {
				for (let salvo = salvos[next]; salvo !== undefined; salvo = salvos[++next]) {
					const waitMs = start + salvo.atMs - performance.now();
					if (waitMs > 0) {
						setTimeout(turn, waitMs);
						return;
					}
					lines += salvo.channels.length;
					say(salvo.channels.map((channel) => this.#line(channel)));
				}
				resolve(lines);
			};
			turn();
		});
	}

	#line(channel: number): Line {
		const n = (this.said[channel] ?? 0) + 1;
		this.said[channel] = n;
		return { channel, text: numbered(n, TEXT_LENGTH) };
	}
}
