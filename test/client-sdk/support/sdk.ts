import type { ConnectOptions } from '../../../client-sdk/src/connect.ts';
import { connectIn } from '../../../client-sdk/src/connect.ts';
import type { Naru } from '../../../client-sdk/src/naru.ts';
import { FakeServer } from './fake-server.ts';
import { VirtualWorld } from './virtual-world.ts';

/** A way to make clients: from the source, or from the built bundle. */
export interface Sdk {
	readonly name: string;
	/** Whether the platform tells of its network; React Native does not by itself. */
	readonly knowsNetwork: boolean;
	connect(world: VirtualWorld, options: ConnectOptions): Naru;
}

export const sourceSdk: Sdk = {
	name: 'source',
	knowsNetwork: true,
	connect: (world, options) => connectIn(world.environment(), options),
};

export interface Scene {
	readonly world: VirtualWorld;
	readonly server: FakeServer;
	readonly naru: Naru;
}

/** A world with a server and one client, `ann` unless said otherwise; not connected yet. */
export function scene(sdk: Sdk, options: Partial<ConnectOptions> = {}): Scene {
	const world = new VirtualWorld();
	const server = new FakeServer(world);
	const naru = sdk.connect(world, { url: 'ws://naru.test/', token: 'ann', ...options });
	return { world, server, naru };
}

/** The same, online. */
export async function onlineScene(sdk: Sdk, options: Partial<ConnectOptions> = {}): Promise<Scene> {
	const made = scene(sdk, options);
	await made.world.advance(20);
	return made;
}

/** How a promise stands, without waiting for it. */
export function outcome<T>(promise: Promise<T>): { value?: T; error?: { code?: string } } {
	const state: { value?: T; error?: { code?: string } } = {};
	promise.then(
		(value) => {
			state.value = value;
		},
		(error: { code?: string }) => {
			state.error = error;
		},
	);
	return state;
}
