import type { CommandAnswer } from '../core/actor-port.ts';
import { pack } from '../protocol/codec.ts';
import { OP } from '../protocol/frames.ts';
import type { CommandFrame, WireEvent } from '../protocol/wire.ts';
import { checkCommand } from './check-command.ts';
import type { ClientConnection } from './client-connection.ts';
import { ClientHandle } from './client-handle.ts';
import type { Service, ServiceSession } from './ports.ts';
import type { HandleFigures } from './socket-figures.ts';
import { ownMessage } from './socket-message.ts';

export interface ServiceOpening {
	readonly id: number;
	readonly key: string;
	readonly service: Service;
}

/** A handle on a feature that the gateway serves itself. */
export class ServiceHandle extends ClientHandle {
	readonly #service: Service;
	readonly #down: number;
	#session: ServiceSession | undefined;

	constructor(connection: ClientConnection, { id, key, service }: ServiceOpening) {
		super(connection, id, key);
		this.#service = service;
		this.#down = connection.context.nextDown();
	}

	open(): void {
		this.send(OP.opened, { down: this.#down, position: 0, writer: '', view: {} });
		this.#session = this.#service.open(this.connection, (event) => this.#tell(event));
	}

	command([n, name, args]: CommandFrame, bytes: number): void {
		const session = this.#session;
		const checked = checkCommand(this.#service.contract, name, args);
		if (session === undefined || !checked.ok) {
			this.reply(n, checked.ok ? { ok: false, code: 'NOT_OPEN' } : checked);
			return;
		}
		this.connection.began(bytes, true);
		const answered = (answer: CommandAnswer) => {
			this.connection.ended(bytes, true);
			this.reply(n, answer);
		};
		session.command(name, checked.args).then(answered, (error) => {
			const { log } = this.connection.context;
			log.error({ err: error, service: this.key, command: name }, 'a service command failed');
			answered({ ok: false, code: 'INTERNAL' });
		});
	}

	figures(): HandleFigures {
		return { id: this.id, key: this.key, style: 'service' };
	}

	/** Has the session tell what its reader missed, if that is there again. */
	catchUp(): void {
		if (!this.#isHeard) return;
		this.connection.context.behind.delete(this);
		this.#session?.caughtUp?.();
	}

	protected released(): void {
		this.connection.context.behind.delete(this);
		this.#session?.close();
	}

	/** An answer that waits may be the one that opens the handle, or older news: nothing overtakes it. */
	get #isHeard(): boolean {
		const { writer } = this.connection;
		return writer.allowsEphemeral && writer.heldBytes === 0;
	}

	#tell(event: WireEvent): boolean {
		if (this.isClosed) return true;
		if (this.#isHeard) {
			this.connection.writer.send(ownMessage(this.#down, OP.ephemeral, pack(event)));
			return true;
		}
		this.connection.context.behind.add(this);
		return false;
	}
}
