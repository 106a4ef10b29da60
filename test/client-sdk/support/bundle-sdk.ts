import { createContext, runInContext } from 'node:vm';
import type { ConnectOptions } from '../../../client-sdk/src/connect.ts';
import type { AppStateLike } from '../../../client-sdk/src/environment.ts';
import type { Naru } from '../../../client-sdk/src/naru.ts';
import type { Sdk } from './sdk.ts';
import type { VirtualWorld } from './virtual-world.ts';

/** The globals of React Native that there are besides those of JavaScript itself; no DOM, no Node. */
function reactNativeGlobals(world: VirtualWorld) {
	return {
		setTimeout: (run: () => void, ms: number) => world.deviceTimeout(run, ms),
		clearTimeout: (timer: unknown) => world.clearTimeout(timer),
		/** A native class there: `new` makes whatever the world has. */
		WebSocket: function WebSocket(url: string) {
			return world.openSocket(url);
		},
		navigator: { product: 'ReactNative' },
	};
}

/** `AppState` of React Native, moved by the world. */
function appState(world: VirtualWorld): AppStateLike {
	return {
		get currentState() {
			return world.isVisible ? 'active' : 'background';
		},
		addEventListener(_, listener) {
			const { watch } = world.environment();
			const remove = watch({
				wake: () => {},
				networkGone: () => {},
				visible: (visible) => listener(visible ? 'active' : 'background'),
			});
			return { remove };
		},
	};
}

/** A script that leaves the exports of an ES module without static imports as a global. */
function scriptOf(code: string, name: string): string {
	const exported = /export\s*\{([^}]*)\}\s*;?\s*$/;
	const names = exported.exec(code)?.[1];
	if (names === undefined) throw new Error('the bundle does not end with its exports');
	const pairs = names.split(',').map((pair) => {
		const [local = '', as = local] = pair.trim().split(/\s+as\s+/);
		return `${as}: ${local}`;
	});
	return `(() => { ${code.replace(exported, '')};globalThis.${name} = { ${pairs.join()} }; })()`;
}

/** The only import of the bundle, which the platform has to load. */
export const ROOM_IMPORT = /\bimport\(([`'"])\.\/room-schema\.js\1\)/g;

/** The built files, run as React Native would run them. */
export function bundleSdk(files: { readonly naru: string; readonly rooms: string }): Sdk {
	const naru = scriptOf(files.naru.replace(ROOM_IMPORT, 'Promise.resolve(rooms)'), 'naru');
	const rooms = scriptOf(files.rooms, 'rooms');
	return {
		name: 'bundle, globals of React Native',
		knowsNetwork: false,
		connect(world, options) {
			const context = createContext(reactNativeGlobals(world));
			runInContext('globalThis.window = globalThis; globalThis.global = globalThis;', context);
			Object.assign(runInContext('Date', context), { now: () => world.deviceNow });
			Object.assign(runInContext('Math', context), { random: () => world.random() });
			runInContext(rooms, context);
			runInContext(naru, context);
			const sdk = runInContext('naru', context) as { connect(options: ConnectOptions): Naru };
			return sdk.connect({ ...options, appState: appState(world) });
		},
	};
}
