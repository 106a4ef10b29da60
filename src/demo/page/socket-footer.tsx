import { useEffect } from 'preact/hooks';
import { useClient } from '../client.ts';
import { language, texts } from '../language.ts';
import { useRedraw } from './use-redraw.ts';
import { useStatus } from './use-status.ts';

const EVERY_MS = 500;

/** Shows that everything on the page runs over one WebSocket: what went through it so far. */
export function SocketFooter() {
	const { naru } = useClient();
	const { status } = useStatus();
	const redraw = useRedraw();
	useEffect(() => {
		// Reads counters of the page itself; the network is not asked.
		const timer = setInterval(() => {
			if (document.visibilityState === 'visible') redraw();
		}, EVERY_MS);
		return () => clearInterval(timer);
	}, [redraw]);
	const { sockets, framesIn, framesOut, handles } = naru.stats;
	return (
		<footer class="socket-footer" data-sockets={sockets}>
			<span class={`dot ${status === 'online' ? 'online' : 'away'}`} aria-hidden="true" />
			<span>{sockets > 1 ? texts.socketsOpened(sockets) : texts.oneSocket}</span>
			<span>
				{texts.frames(framesOut.toLocaleString(language), framesIn.toLocaleString(language))}
			</span>
			<span>{texts.handles(handles)}</span>
		</footer>
	);
}
