import { useEffect, useState } from 'preact/hooks';
import { texts } from '../language.ts';

/** Where the simulator of a server in development is; `undefined` elsewhere. */
async function simulatorUrl(): Promise<string | undefined> {
	const answer = await fetch('/api/v1/dev/simulators');
	if (!answer.ok) return undefined;
	const { institutions } = (await answer.json()) as { institutions?: string };
	return institutions;
}

/** The address of the simulator, once it is known. */
export function useSimulator(): string | undefined {
	const [url, setUrl] = useState<string>();
	useEffect(() => {
		simulatorUrl().then(setUrl, () => {});
	}, []);
	return url;
}

/** The way to the page that makes simulated institutions fail; nothing where there is none. */
export function SimulatorLink() {
	const url = useSimulator();
	if (url === undefined) return null;
	return (
		<a href={url} target="_blank" rel="noreferrer">
			{texts.institutions.simulator}
		</a>
	);
}
