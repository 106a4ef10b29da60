import type { z } from 'zod';
import type { Refusal } from '../protocol/errors.ts';
import type { CommandContract, KindContract } from '../protocol/kind.ts';

export type CheckedCommand =
	| { readonly ok: true; readonly contract: CommandContract; readonly args: unknown }
	| ({ readonly ok: false } & Refusal);

/** Checks a command against the kind's contract; a refusal names the place that is wrong. */
export function checkCommand(kind: KindContract, name: string, args: unknown): CheckedCommand {
	const contract = Object.hasOwn(kind.commands, name) ? kind.commands[name] : undefined;
	if (contract === undefined) {
		return { ok: false, code: 'INVALID', message: `${kind.kind} has no such command` };
	}
	const parsed = contract.args.safeParse(args ?? {});
	if (!parsed.success) return { ok: false, ...invalid(parsed.error) };
	return { ok: true, contract, args: parsed.data };
}

/** The first thing that a schema does not like, with its path. */
export function invalid(error: z.ZodError): Refusal {
	const issue = error.issues[0];
	const path = issue?.path.map(String).join('.') ?? '';
	const message = issue?.message ?? 'malformed';
	return { code: 'INVALID', message: path === '' ? message : `${path}: ${message}` };
}
