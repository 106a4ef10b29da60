import type { HandleFigures, SocketFigures } from '../gateway/socket-figures.ts';
import { splitKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { HandleLine, SocketLine } from '../protocol/ops.ts';
import type { NodeAnswers, NodeParts } from './node-answers.ts';
import { maskedKey, pseudonym } from './pseudonym.ts';

const HANDLES_MAX = 200;

/** Answers about the client sockets of this node. Who sits there is masked. */
export function socketAnswers({
	contracts,
	gateway,
}: Pick<NodeParts, 'contracts' | 'gateway'>): Pick<NodeAnswers, 'sockets' | 'socket'> {
	const own = new Set(ownKinds(contracts));
	return {
		sockets: ({ userId, after, limit }) => {
			const { sockets, more } = gateway().sockets({ userId, after, limit });
			const last = sockets.at(-1);
			return {
				ok: true,
				reply: {
					sockets: sockets.map(socketLine),
					...(more && last !== undefined ? { next: last.id } : {}),
					total: gateway().connections().sockets,
				},
			};
		},
		socket: ({ id }) => {
			const found = gateway().socket(id);
			if (found === undefined) return { ok: false, code: 'NOT_FOUND', message: 'it has gone' };
			const { socket, handles } = found;
			return {
				ok: true,
				reply: {
					socket: socketLine(socket),
					handles: handles.slice(0, HANDLES_MAX).map((handle) => handleLine(handle, own)),
					hasMore: handles.length > HANDLES_MAX,
				},
			};
		},
	};
}

function* ownKinds(contracts: readonly KindContract[]): Generator<string> {
	for (const { kind, own } of contracts) if (own === true) yield kind;
}

function socketLine({ userId, deviceId, platform, ...figures }: SocketFigures): SocketLine {
	return {
		...figures,
		...(userId === undefined ? {} : { user: pseudonym(userId) }),
		device: pseudonym(deviceId),
		platform: plainPlatform(platform),
	};
}

/** The client may say anything. */
const plainPlatform = (platform: string) => (/^[\w .-]{0,24}$/.test(platform) ? platform : '?');

function handleLine(handle: HandleFigures, own: ReadonlySet<string>): HandleLine {
	const key = maskedKey(handle.key, own.has(splitKey(handle.key).kind));
	return { ...handle, key, isMasked: key !== handle.key };
}
