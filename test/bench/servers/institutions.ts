import { startInstitutionSimulator } from '../../../src/simulators/institution/server.ts';
import { serve } from '../harness/serve.ts';

/** The simulated institutions, all with one latency. */
await serve(async ({ latencyMs }: { readonly latencyMs: number }) => {
	const simulator = await startInstitutionSimulator({ port: 0, host: '127.0.0.1' });
	const set = await fetch(`${simulator.url}/control`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ institution: '*', latencyMs }),
	});
	if (!set.ok) throw new Error(`the simulator refused its latency: ${await set.text()}`);
	return { url: simulator.url, stop: () => simulator.close() };
});
