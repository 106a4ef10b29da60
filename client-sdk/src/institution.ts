import {
	InstitutionHandle,
	type InstitutionTypes,
	institutionTable,
} from './generated/institution.ts';
import type { InstitutionBoard, InstitutionInfo } from './generated/schemas.ts';
import { Listeners, type Undo } from './listeners.ts';
import type { NaruError } from './naru-error.ts';
import type { Session } from './session.ts';

type Commands = InstitutionTypes['commands'];

export interface InstitutionEvents {
	/** How it stands; told to a new listener at once, then on each change. */
	readonly health: InstitutionInfo;
	/** The server closed it, or there is none; the next call opens it again. */
	readonly closed: NaruError;
}

/** One institution, as everybody may see it. Any call or `on()` opens it; `close()` ends that. */
export class Institution {
	readonly id: string;
	readonly #handle: InstitutionHandle;
	readonly #listeners = new Listeners<InstitutionEvents>((type) => {
		if (type !== 'health') return undefined;
		return this.#info === undefined ? [] : [this.#info];
	});
	#info: InstitutionInfo | undefined;

	/** @internal */
	constructor(id: string, session: Session) {
		this.id = id;
		this.#handle = new InstitutionHandle(session, {
			table: institutionTable,
			id: () => id,
			sink: {
				opened: (view) => this.#told(view as InstitutionInfo),
				event: (type, data) => {
					if (type === 'health') this.#told(data as InstitutionInfo);
				},
				ephemeral: () => {},
				closed: (error) => this.#listeners.emit('closed', error),
			},
		});
	}

	/** How it stands; `undefined` before the opening. */
	get info(): InstitutionInfo | undefined {
		return this.#info;
	}

	on<E extends keyof InstitutionEvents>(
		type: E,
		listener: (value: InstitutionEvents[E]) => void,
	): Undo {
		this.#handle.want();
		return this.#listeners.on(type, listener);
	}

	/** Resolves with how it stands. Rejects with why it cannot be opened, or `TIMEOUT`. */
	async open(): Promise<InstitutionInfo> {
		await this.#handle.open();
		return this.#info as InstitutionInfo;
	}

	close(): void {
		this.#handle.close();
		this.#info = undefined;
	}

	/** For operators: opens or closes its circuit by force, or leaves it to the figures. */
	circuit(mode: Commands['circuit']['args']['mode']): Promise<InstitutionInfo> {
		return this.#handle.circuit({ mode });
	}

	/** For operators: the first way to it, or the secondary one. */
	async route(route: number): Promise<void> {
		await this.#handle.route({ route });
	}

	/** For operators: calls a second, over all nodes together. */
	async rate(perSecond: number): Promise<void> {
		await this.#handle.rate({ perSecond });
	}

	/** For operators: all that is known, node by node. */
	board(): Promise<InstitutionBoard> {
		return this.#handle.board();
	}

	#told(info: InstitutionInfo): void {
		this.#info = info;
		this.#listeners.emit('health', info);
	}
}
