import { tokenFor } from '../harness/token.ts';

/** Makes an event over REST, as an operator. */
export async function makeEvent(url: string, draft: object): Promise<void> {
	const response = await fetch(`${url}/api/v1/ticket-events`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${await tokenFor('operator', ['ops'])}`,
			'content-type': 'application/json',
		},
		body: JSON.stringify({ title: 'Bench', currency: 'KRW', opensAt: 0, ...draft }),
	});
	if (!response.ok) throw new Error(`the event was not made: ${await response.text()}`);
}
