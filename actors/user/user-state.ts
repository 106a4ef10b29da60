import { plainBytes, textBytes } from '../../src/protocol/plain-data.ts';
import type { Notice } from '../../src/protocol/user.ts';
import {
	cutRegistration,
	type RegistrationPart,
	restoreRegistration,
} from './registration-snapshot.ts';
import type { Registration } from './registration-state.ts';

/** Version 1 knew notices only; its parts are read as they are. */
const VERSION = 2;
/** All waiting notices of one user together, in packed bytes; older ones give way to newer. */
export const NOTICES_BYTES_MAX = 4 * 1024 * 1024;
/** A part of a snapshot holds at most this many notices: 1.7 MB. */
const PART_ROWS_MAX = 100;
const FRAME_BYTES = 64;

/** Bounded in number and bytes. */
export interface UserState {
	readonly id: string;
	/** Waiting ones, oldest first. */
	readonly notices: Map<string, Notice>;
	bytes: number;
	/** Absent until the user first connects assets: most inboxes never have it. */
	registration: Registration | undefined;
}

export const initialUser = (id: string): UserState => ({
	id,
	notices: new Map(),
	bytes: 0,
	registration: undefined,
});

/** About what a notice takes, packed. */
export const noticeBytes = ({ id, type, data }: Notice) =>
	FRAME_BYTES + textBytes(id) + textBytes(type) + (plainBytes(data) ?? 0);

export function keepNotice(state: UserState, notice: Notice): void {
	state.notices.set(notice.id, notice);
	state.bytes += noticeBytes(notice);
}

export function removeNotice(state: UserState, id: string): void {
	const notice = state.notices.get(id);
	if (notice === undefined) return;
	state.notices.delete(id);
	state.bytes -= noticeBytes(notice);
}

interface Part {
	readonly version: number;
	readonly notices?: readonly Notice[];
	/** Since version 2. */
	readonly registration?: RegistrationPart;
}

function* partsOf(
	notices: readonly Notice[],
	registration: readonly RegistrationPart[],
): Generator<Part> {
	for (let from = 0; from === 0 || from < notices.length; from += PART_ROWS_MAX) {
		yield { version: VERSION, notices: notices.slice(from, from + PART_ROWS_MAX) };
	}
	for (const part of registration) yield { version: VERSION, registration: part };
}

/** An immutable cut: what it holds is shared and never changed. */
export const cutUser = ({ notices, registration }: UserState): Iterable<unknown> =>
	partsOf([...notices.values()], cutRegistration(registration));

/** The state of a cut; throws on a version that this build does not know. */
export function restoreUser(id: string, parts: readonly unknown[]): UserState {
	const state = initialUser(id);
	for (const { version, notices = [], registration } of parts as readonly Part[]) {
		if (version < 1 || version > VERSION) throw new Error(`user snapshot version ${version}`);
		for (const notice of notices) keepNotice(state, notice);
		if (registration === undefined) continue;
		state.registration = restoreRegistration(state.registration, registration);
	}
	return state;
}
