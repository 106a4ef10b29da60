import { clockText } from './durations.ts';
import { useServerSeconds } from './use-server-clock.ts';

/** From here on it is urgent. */
const URGENT_SECONDS = 60;

interface CountdownProps {
	/** Milliseconds since 1970, by the server's clock. */
	readonly until: number;
	/** What the time is for. */
	readonly label: string;
}

/** A deadline, counted down by the server's clock: the same after a reload and on another device. */
export function Countdown({ until, label }: CountdownProps) {
	const seconds = useServerSeconds(until);
	return (
		<p class={seconds <= URGENT_SECONDS ? 'countdown urgent' : 'countdown'}>
			<span>{label}</span>
			<strong role="timer" aria-label={label} data-until={until}>
				{clockText(seconds)}
			</strong>
		</p>
	);
}
