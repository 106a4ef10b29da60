import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import { drawFaults, type Faults, NO_FAULTS } from '../faults.ts';

/**
 * What goes wrong in a cluster besides {@link Faults}: chances of 0 to 1, per message or call, or per
 * second where the name says so. `close` is a drain here.
 */
export interface ClusterFaults extends Faults {
	/** Commits and wake rows on whose way something happens to their node. */
	readonly struck: number;
	/** Relay messages that do not arrive, arrive twice, late, or before earlier ones. */
	readonly relayLost: number;
	readonly relayDoubled: number;
	readonly relaySlow: number;
	readonly relayOvertaken: number;
	/** A node that is not heard, does not hear, or both, although it seems connected. */
	readonly cutOffPerSecond: number;
	/** A node whose connection to the relay breaks, and which knows it. */
	readonly unpluggedPerSecond: number;
	/** Two nodes between which no link packets get through. */
	readonly linkCutPerSecond: number;
	/** Calls of the directory that get lost, are answered never, or take long. */
	readonly directoryLost: number;
	readonly directoryUnanswered: number;
	readonly directorySlow: number;
	/** The directory is away for all, or for one node. */
	readonly directoryAwayPerSecond: number;
	readonly directoryAwayForOnePerSecond: number;
	/** The directory loses everything. */
	readonly directoryFlushedPerSecond: number;
	/** Of the pauses, those in which the whole machine sleeps. */
	readonly asleep: number;
	/** Those in which both its clocks stand still, so that it cannot know. */
	readonly frozen: number;
	/** How far clocks are off, at most, in milliseconds. */
	readonly clockOffMs: number;
	/** Loads at which nodes hand claims on. */
	readonly overloaded: number;
	/** Trouble begins while the first nodes are still joining. */
	readonly fromTheStart: boolean;
}

export const NO_CLUSTER_FAULTS: ClusterFaults = {
	...NO_FAULTS,
	struck: 0,
	relayLost: 0,
	relayDoubled: 0,
	relaySlow: 0,
	relayOvertaken: 0,
	cutOffPerSecond: 0,
	unpluggedPerSecond: 0,
	linkCutPerSecond: 0,
	directoryLost: 0,
	directoryUnanswered: 0,
	directorySlow: 0,
	directoryAwayPerSecond: 0,
	directoryAwayForOnePerSecond: 0,
	directoryFlushedPerSecond: 0,
	asleep: 0,
	frozen: 0,
	clockOffMs: 0,
	overloaded: 0,
	fromTheStart: false,
};

/** Late enough to meet the next owner. */
const LATE_MAX_MS = 12_000;

/** Drawn anew for each seed, so that some runs have only one or two kinds of faults. */
export function drawClusterFaults(clock: VirtualRuntime): ClusterFaults {
	const some = (max: number) => (clock.random() < 0.6 ? 0 : clock.random() * max);
	const disk = drawFaults(clock);
	return {
		...disk,
		// An owner is missed only after the time of a lease, and found again only in some seconds of peace.
		cut: disk.cut / 2,
		pause: some(0.1),
		crash: some(0.08),
		close: some(0.08),
		lateMaxMs: clock.random() < 0.5 ? disk.lateMaxMs : LATE_MAX_MS,
		struck: some(0.15),
		relayLost: some(0.1),
		relayDoubled: some(0.2),
		relaySlow: some(0.2),
		relayOvertaken: some(0.2),
		cutOffPerSecond: some(0.08),
		unpluggedPerSecond: some(0.08),
		linkCutPerSecond: some(0.1),
		directoryLost: some(0.02),
		directoryUnanswered: some(0.02),
		directorySlow: some(0.04),
		directoryAwayPerSecond: some(0.05),
		directoryAwayForOnePerSecond: some(0.08),
		directoryFlushedPerSecond: some(0.04),
		asleep: some(1),
		frozen: clock.random() < 0.25 ? clock.random() : 0,
		clockOffMs: some(2_500),
		overloaded: some(0.5),
		fromTheStart: clock.random() < 0.3,
	};
}
