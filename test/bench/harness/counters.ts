/** Reads the server's own counters, as an operator would: from `/metrics`. */
export async function readCounters(url: string): Promise<(name: string) => number> {
	const response = await fetch(`${url}/metrics`);
	if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
	const text = await response.text();
	return (name) => {
		const found = new RegExp(`^naru_${name}(?:\\{[^}]*\\})? ([0-9.e+-]+)$`, 'm').exec(text);
		if (found === null) throw new Error(`/metrics has no naru_${name}`);
		return Number(found[1]);
	};
}

/** Longer than whatever the server gathers before it writes. */
const REST_MS = 1_200;
const REST_MAX_MS = 60_000;

/** Waits until a counter has stood still for a while: what joining set in motion is done. */
export async function atRest(url: string, name: string): Promise<number> {
	const deadline = performance.now() + REST_MAX_MS;
	let last = (await readCounters(url))(name);
	while (performance.now() < deadline) {
		await new Promise((look) => setTimeout(look, REST_MS));
		const value = (await readCounters(url))(name);
		if (value === last) return value;
		last = value;
	}
	throw new Error(`${name} did not come to rest in ${REST_MAX_MS} ms`);
}
