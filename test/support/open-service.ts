import type {
	Connection,
	Service,
	ServiceRequest,
	ServiceSession,
	Tell,
} from '../../src/gateway/ports.ts';

const PLAIN: ServiceRequest = { requestId: undefined, resend: false, bytes: 0 };

/** A service's session whose commands need not say how they came. */
export interface OpenedService extends Omit<ServiceSession, 'command'> {
	command(
		name: string,
		args: unknown,
		request?: Partial<ServiceRequest>,
	): ReturnType<ServiceSession['command']>;
}

/** Opens a service as the gateway does. */
export function openService(
	service: Service,
	connection: Connection,
	{ tell = () => true, id = 'me' }: { readonly tell?: Tell; readonly id?: string } = {},
): OpenedService {
	const session = service.open(connection, tell, id);
	return {
		...(session.view === undefined ? {} : { view: session.view }),
		command: (name, args, request) => session.command(name, args, { ...PLAIN, ...request }),
		caughtUp: () => session.caughtUp?.(),
		close: () => session.close(),
	};
}
