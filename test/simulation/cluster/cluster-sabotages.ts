import type { MemoryDirectory } from '../../../src/adapters/memory/memory-directory.ts';
import { type PacketHead, readPacket, writeHead } from '../../../src/cluster/link-packet.ts';
import type { Membership } from '../../../src/cluster/ports.ts';
import type { Relay } from '../../../src/cluster/relay.ts';
import { hooked } from '../../support/hooked.ts';
import { SABOTAGES, type Sabotage } from '../sabotages.ts';
import { type ClusterFaults, NO_CLUSTER_FAULTS } from './cluster-faults.ts';
import { LINKS } from './relay-ways.ts';

/** Takes one rule of the design out, in the ports around the very nodes of production. */
export interface ClusterSabotage extends Sabotage {
	/** What each node stands on. */
	readonly relay?: (relay: Relay) => Relay;
	/** Whom owners ask before they answer. */
	readonly membership?: (membership: Membership) => Pick<Membership, 'self' | 'mayServe'>;
	readonly directory?: (directory: MemoryDirectory) => MemoryDirectory;
	/** Without the rule owners may answer from the past; what the journal promises has to hold. */
	readonly mayBeStale?: boolean;
	/** What the missing rule lets happen; anything that is wrong, when absent. */
	readonly complaint?: RegExp;
	/** Share of looks among what clients ask. */
	readonly reads?: number;
	/** Faults that the rule is for. */
	readonly faults?: Partial<ClusterFaults>;
}

export const NO_CLUSTER_SABOTAGE: ClusterSabotage = {};

/** Takes each packet as the next one: what is lost is not missed, what comes twice counts twice. */
const linksUnchecked: ClusterSabotage = {
	relay: (relay) => {
		const sent = new Map<string, number>();
		const came = new Map<string, number>();
		const renumbered = (bytes: Uint8Array): Uint8Array => {
			const packet = readPacket(bytes);
			if (packet === undefined) return bytes;
			const { body, ...head } = packet;
			const session = `${head.from} ${head.mine} ${head.theirs}`;
			const count = (came.get(session) ?? 0) + Number(head.kind === 'data');
			came.set(session, count);
			const ack = sent.get(sessionOf(head)) ?? 0;
			writeHead(bytes, { ...head, seq: count, ack });
			return bytes;
		};
		return {
			...passing(relay),
			publish: (subject, bytes) => {
				const packet = subject.startsWith(LINKS) ? readPacket(bytes) : undefined;
				if (packet?.kind === 'data') {
					sent.set(`${subject} ${packet.theirs} ${packet.mine}`, packet.seq);
				}
				relay.publish(subject, bytes);
			},
			subscribe: (subject, heard) =>
				relay.subscribe(subject, (bytes) =>
					heard(subject.startsWith(LINKS) ? renumbered(bytes) : bytes),
				),
		};
	},
	faults: { relayLost: 0.05, relayDoubled: 0.05 },
};

/** The session of a packet as the one names it that sends to where it came from. */
const sessionOf = ({ from, mine, theirs }: PacketHead) => `${LINKS}.${from} ${mine} ${theirs}`;

/** All of a relay, to be changed in part. */
const passing = (relay: Relay): Relay => ({
	get connected() {
		return relay.connected;
	},
	get bytesQueued() {
		return relay.bytesQueued;
	},
	publish: (subject, bytes) => relay.publish(subject, bytes),
	subscribe: (subject, heard) => relay.subscribe(subject, heard),
	onStatus: (listener) => relay.onStatus(listener),
	close: () => relay.close(),
});

/** Whoever was an owner answers, whatever became of its lease. */
const deposedAnswers: ClusterSabotage = {
	membership: ({ self }) => ({ self, mayServe: () => true }),
	complaint: /answered from the past/,
	reads: 0.8,
	faults: { ...NO_CLUSTER_FAULTS, pause: 0.05 },
};

/**
 * Whoever claims gets it, whoever has it. Then two nodes answer for one actor, one of them from the past;
 * the journal alone sees to it that nothing is lost or doubled.
 */
export const CLAIMS_UNCHECKED: ClusterSabotage = {
	directory: (directory) =>
		hooked(directory, {
			claim: async (run, _, keys) => {
				const owners = await directory.owners(keys);
				for (const [at, owner] of owners.entries()) {
					const key = keys[at];
					if (owner !== undefined && key !== undefined) await directory.release(owner, [key]);
				}
				return run();
			},
		}),
};

const RESTORED = 'a resume goes by its number alone';
const DUPLICATE = 'a duplicate is success, whoever wrote it';
const WAKE_ROW = 'a deposed owner removes wake rows';

export const CLUSTER_SABOTAGES: Readonly<Record<string, ClusterSabotage>> = {
	...SABOTAGES,
	[RESTORED]: { ...SABOTAGES[RESTORED], faults: { restore: true } },
	[DUPLICATE]: { ...SABOTAGES[DUPLICATE], faults: { frozen: 1, struck: 0.2, lateMaxMs: 12_000 } },
	[WAKE_ROW]: { ...SABOTAGES[WAKE_ROW], faults: { struck: 0.3, lateMaxMs: 12_000 } },
	'a link takes packets as they come': linksUnchecked,
	'a deposed owner answers': deposedAnswers,
};
