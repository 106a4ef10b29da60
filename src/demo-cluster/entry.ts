import type { AddressInfo } from 'node:net';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** A node that may take connections. */
export interface Target {
	readonly host: string;
	readonly port: number;
}

/** The one address of a cluster on this machine. */
export interface Entry {
	readonly url: string;
	close(): void;
}

const DIAL_MAX_MS = 1_000;

/**
 * A load balancer for one machine: hands each connection to the ready node with the fewest, and to the
 * next when that one does not take it. For demonstrations; production has a real one.
 */
export function openEntry(
	address: { readonly host: string; readonly port: number },
	ready: () => readonly Target[],
): Promise<Entry> {
	const counts = new Map<string, number>();
	const nameOf = ({ host, port }: Target) => `${host}:${port}`;
	const count = (target: Target) => counts.get(nameOf(target)) ?? 0;
	const sockets = new Set<Socket>();

	const join = (client: Socket, node: Socket, target: Target) => {
		counts.set(nameOf(target), count(target) + 1);
		sockets.add(client);
		client.pipe(node).pipe(client);
		client.once('close', () => {
			counts.set(nameOf(target), count(target) - 1);
			sockets.delete(client);
			node.destroy();
		});
		node.once('close', () => client.destroy());
	};

	const offer = (client: Socket, targets: readonly Target[]) => {
		const [target, ...others] = targets;
		if (target === undefined) {
			client.destroy();
			return;
		}
		const node = dial({ ...target, timeout: DIAL_MAX_MS });
		const next = () => {
			node.destroy();
			offer(client, others);
		};
		node.once('error', next).once('timeout', next);
		node.once('connect', () => {
			node.setTimeout(0).off('error', next).off('timeout', next);
			node.on('error', () => client.destroy());
			join(client, node, target);
		});
	};

	const server = createServer({ pauseOnConnect: true }, (client) => {
		client.on('error', () => client.destroy());
		offer(
			client,
			[...ready()].sort((one, other) => count(one) - count(other)),
		);
	});
	return listen(server, address, () => {
		for (const socket of sockets) socket.destroy();
	});
}

function listen(
	server: Server,
	{ host, port }: { readonly host: string; readonly port: number },
	cut: () => void,
): Promise<Entry> {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, host, () => {
			const { port: taken } = server.address() as AddressInfo;
			const close = () => {
				server.close();
				cut();
			};
			resolve({ url: `http://${host}:${taken}`, close });
		});
	});
}
