import type { CommandAnswer } from '../core/actor-port.ts';
import { OP } from '../protocol/frames.ts';
import type { CommandFrame, WireEvent } from '../protocol/wire.ts';
import { checkCommand } from './check-command.ts';
import type { ClientConnection } from './client-connection.ts';
import { ClientHandle } from './client-handle.ts';
import type { Service, ServiceRequest, ServiceSession, ServiceView } from './ports.ts';
import type { ServiceGroup } from './service-groups.ts';
import type { HandleFigures } from './socket-figures.ts';

export interface ServiceOpening {
	readonly id: number;
	readonly key: string;
	readonly service: Service;
}

const AT_ONCE: ServiceView = { ok: true, view: {} };

/**
 * A handle on a feature that the gateway serves itself.
 *
 *     opening ──view there, or none to wait for──▶ open ──▶ closed
 *        └───────refused, or closed meanwhile──────────────▶
 */
export class ServiceHandle extends ClientHandle {
	readonly #service: Service;
	readonly #group: ServiceGroup;
	#session: ServiceSession | undefined;
	/** Settles when the first view is there or will not come; absent where nothing is waited for. */
	#opening: Promise<void> | undefined;
	#isOpen = false;
	/** Something was told before the handle was open. */
	#isOwing = false;

	constructor(connection: ClientConnection, { id, key, service }: ServiceOpening) {
		super(connection, id, key);
		this.#service = service;
		this.#group = connection.context.serviceGroups.enter(key);
	}

	/** `id`: what stands behind the kind in the key. */
	open(id: string): void {
		const session = this.#service.open(this.connection, (event) => this.#tell(event), id);
		this.#session = session;
		if (session.view === undefined) {
			this.#opened(AT_ONCE);
			return;
		}
		this.connection.began(0, true);
		const answered = (view: ServiceView) => {
			this.#opening = undefined;
			this.connection.ended(0, true);
			this.#opened(view);
		};
		this.#opening = session.view.then(answered, (error) => {
			const { log } = this.connection.context;
			log.error({ err: error, service: this.key }, 'a service was not opened');
			answered({ ok: false, code: 'INTERNAL' });
		});
	}

	command(frame: CommandFrame, bytes: number): void {
		const [n, name, args] = frame;
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
		this.#run(session, { name, args: checked.args, request: requestOf(frame, bytes) }).then(
			answered,
			(error) => {
				const { log } = this.connection.context;
				log.error({ err: error, service: this.key, command: name }, 'a service command failed');
				answered({ ok: false, code: 'INTERNAL' });
			},
		);
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
		const { behind, serviceGroups } = this.connection.context;
		behind.delete(this);
		serviceGroups.leave(this.#group);
		this.#session?.close();
	}

	/** An answer that waits may be the one that opens the handle, or older news: nothing overtakes it. */
	get #isHeard(): boolean {
		const { writer } = this.connection;
		return writer.allowsEphemeral && writer.heldBytes === 0;
	}

	/** A command that came before the handle was open runs when it is, and with it ends. */
	async #run(
		session: ServiceSession,
		command: { readonly name: string; readonly args: unknown; readonly request: ServiceRequest },
	): Promise<CommandAnswer> {
		await this.#opening;
		if (this.isClosed) return { ok: false, code: 'NOT_OPEN' };
		return session.command(command.name, command.args, command.request);
	}

	#opened(view: ServiceView): void {
		if (this.isClosed) return;
		if (!view.ok) {
			this.refuse(view);
			return;
		}
		this.send(OP.opened, { down: this.#group.down, position: 0, writer: '', view: view.view });
		this.#isOpen = true;
		if (!this.#isOwing) return;
		this.#isOwing = false;
		this.connection.context.behind.add(this);
		this.catchUp();
	}

	#tell(event: WireEvent): boolean {
		if (this.isClosed) return true;
		if (!this.#isOpen) {
			this.#isOwing = true;
			return false;
		}
		if (this.#isHeard) {
			const { context, writer } = this.connection;
			writer.send(context.serviceGroups.frame(this.#group, event));
			return true;
		}
		this.connection.context.behind.add(this);
		return false;
	}
}

const requestOf = ([, , , requestId, resend]: CommandFrame, bytes: number): ServiceRequest => ({
	requestId: requestId ?? undefined,
	resend: resend === true,
	bytes,
});
