/** A user's actor with its registrations, and the work outside done by hand. */
import type { WorkResult } from '../../actors/user/institution-port.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import { type Intent, SYSTEM } from '../../src/core/actor-kind.ts';
import type { Asset, AssetJob } from '../../src/protocol/institution.ts';
import { PureActor, person } from './pure-actor.ts';

export const NODE = person('ann', { roles: ['system'] });
export const TOKEN = { access: 'sealed-a', refresh: 'sealed-r', expires: 9_000_000 };
const YEAR_MS = 31_536_000_000;

export type User = ReturnType<typeof user>;
export const user = () => new PureActor(userKind, 'ann');

export const asset = (id: string, asOf = 500): Asset => ({
	id,
	type: 'account',
	name: 'Savings',
	amount: 7,
	currency: 'KRW',
	asOf,
});

export const consent = (from: User, ms = YEAR_MS) => ({
	scopes: ['assets'],
	expiresAt: from.now + ms,
});

export async function register(ann: User, institutions: readonly string[]): Promise<AssetJob> {
	const args = { institutions, consent: consent(ann) };
	const answer = await ann.command(NODE, 'register', args);
	if (!answer.ok) throw new Error(answer.code);
	return answer.reply as AssetJob;
}

export const withdraw = (ann: User, institution = 'bank-a') =>
	ann.command(NODE, 'withdraw', { institution });

export const jobs = async (ann: User) =>
	((await ann.query(NODE, 'jobs')) as { jobs: readonly AssetJob[] }).jobs;

export const snapshots = async (ann: User, ...institutions: string[]) =>
	((await ann.query(NODE, 'assets', { institutions })) as { snapshots: readonly unknown[] })
		.snapshots;

export type Called = Extract<Intent, { kind: 'call' }> & {
	readonly args: { readonly op: string; readonly institution: string };
};

export const intents = (ann: User) => (userKind.intents?.(ann.state) ?? []) as readonly Called[];

/** What is under way, as `institution op`. */
export const works = (ann: User) =>
	intents(ann).map(({ args: { institution, op } }) => `${institution} ${op}`);

/** The first that is under way, of one kind or of any. */
export function next(ann: User, op?: string): Called {
	const found = intents(ann).find(({ args }) => op === undefined || args.op === op);
	if (found === undefined) throw new Error(`no ${op ?? 'work'} is under way`);
	return found;
}

export const reply = (ann: User, { id }: Called, result: WorkResult) =>
	ann.command(SYSTEM, 'intentDone', { id, result });

/** By the book, one thing after another. */
export function resultOf({ args }: Called, asOf?: number): WorkResult {
	if (args.op === 'authorise') return { ok: true, authorisation: 'sealed-code' };
	if (args.op === 'token') return { ok: true, token: TOKEN };
	if (args.op === 'list') return { ok: true, ids: ['1', '2', '3', '4', '5', '6', '7'] };
	if (args.op === 'revoke' || args.op === 'erase') return { ok: true };
	const { ids = ['1'] } = args as { ids?: readonly string[] };
	return { ok: true, assets: ids.map((id) => asset(id, asOf)), count: ids.length };
}

/** Answers all work by the book until there is none; `instead` may answer otherwise. */
export async function work(
	ann: User,
	instead: (call: Called) => WorkResult | undefined = () => undefined,
): Promise<void> {
	for (;;) {
		const [next] = intents(ann);
		if (next === undefined) return;
		await reply(ann, next, instead(next) ?? resultOf(next));
	}
}

/** A user whose registration, at `bank-a` by default, is done. */
export async function registered(...institutions: string[]): Promise<User> {
	const ann = user();
	await register(ann, institutions.length === 0 ? ['bank-a'] : institutions);
	await work(ann);
	return ann;
}

export const UNAVAILABLE = {
	ok: false,
	code: 'UNAVAILABLE',
	isRepeatable: true,
} as const satisfies WorkResult;

export const MAINTENANCE: WorkResult = {
	ok: false,
	code: 'MAINTENANCE',
	isRepeatable: true,
	retryAfterMs: 10_000,
};

export async function wake(ann: User): Promise<void> {
	const at = userKind.nextWakeAt?.(ann.state);
	if (at === undefined) throw new Error('nothing is to come');
	ann.now = Math.max(ann.now, at);
	await ann.command(SYSTEM, 'wake');
}
