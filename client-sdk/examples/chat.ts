/**
 * Chat from a terminal, beside the pages: `node client-sdk/examples/chat.ts ann`, and as `bob` in
 * another one. Each line is a message; what is written while the server is away is sent when it is back.
 */
import { createInterface } from 'node:readline';
// In a project of your own: from '@naru/client'.
import { connect, type Message, type NaruError } from '../src/index.ts';

const [userId = 'ann', url = 'http://127.0.0.1:2567'] = process.argv.slice(2);

/** Your sign-in goes here; this one is answered in development only. */
async function token(): Promise<string> {
	const response = await fetch(`${url}/api/v1/dev/token`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ userId }),
	});
	return ((await response.json()) as { token: string }).token;
}

const show = (message: Message) => console.log(`${message.userId}: ${message.text}`);
const complain = ({ code, message }: NaruError) => console.log(`(${code}: ${message})`);

const naru = connect({ url, token });
naru.on('status', ({ status }) => console.log(`(${status})`));

const channel = naru.channel('general');
await channel.join();
for (const message of (await channel.open({ last: 20 })).messages) show(message);
channel.on('message', show);

const sent: Promise<unknown>[] = [];
for await (const text of createInterface({ input: process.stdin })) {
	if (text !== '') sent.push(channel.send(text).catch(complain));
}
await Promise.all(sent);
await naru.close({ logout: true });
