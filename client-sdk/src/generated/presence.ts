// Written by `npm run sdk:generate` from src/protocol/user.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type { PresenceState } from './schemas.ts';

export interface PresenceTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: Readonly<Record<string, never>>;
	readonly commands: {
		readonly watch: {
			readonly args: {
				readonly users: readonly string[];
			};
			readonly reply: {
				readonly states: readonly PresenceState[];
			};
		};
		readonly unwatch: {
			readonly args: {
				readonly users: readonly string[];
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly set: {
			readonly args: {
				readonly state: 'online' | 'away';
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly visible: {
			readonly args: {
				readonly visible: boolean;
			};
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly logout: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: Readonly<Record<string, never>>;
		};
	};
	readonly events: {};
	readonly ephemerals: {
		readonly change: {
			readonly states: readonly PresenceState[];
		};
	};
}

export const presenceTable: KindTable = {
	kind: 'presence',
	style: 'service',
	own: false,
	live: [],
	commands: {
		watch: { query: true },
		unwatch: { query: true },
		set: { query: true },
		visible: { query: true },
		logout: { query: true },
	},
};

type Commands = PresenceTypes['commands'];

/** The commands of `presence`, typed. */
export class PresenceHandle extends KindHandle<PresenceTypes> {
	watch(args: Commands['watch']['args']): Promise<Commands['watch']['reply']> {
		return this.run('watch', args);
	}

	unwatch(args: Commands['unwatch']['args']): Promise<Commands['unwatch']['reply']> {
		return this.run('unwatch', args);
	}

	set(args: Commands['set']['args']): Promise<Commands['set']['reply']> {
		return this.run('set', args);
	}

	visible(args: Commands['visible']['args']): Promise<Commands['visible']['reply']> {
		return this.run('visible', args);
	}

	logout(args: Commands['logout']['args'] = {}): Promise<Commands['logout']['reply']> {
		return this.run('logout', args);
	}
}
