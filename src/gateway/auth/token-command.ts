import { parseArgs } from 'node:util';
import { signToken } from './sign-token.ts';

const USAGE = 'npm run token -- USER_ID [--roles user,ops] [--ttl SECONDS] [--name NAME]';

export interface TokenCommandWorld {
	/** The secret of the settings, or the one that development keeps. */
	secret(): Promise<string>;
	/** Writes one line for the caller to use. */
	print(line: string): void;
	/** Writes one line for the caller to read. */
	complain(line: string): void;
}

/** Prints one token for the arguments behind the command's name; answers with the exit code. */
export async function runTokenCommand(
	args: readonly string[],
	world: TokenCommandWorld,
): Promise<number> {
	try {
		const claims = readArguments(args);
		world.print(await signToken({ ...claims, secret: await world.secret() }));
		return 0;
	} catch (error) {
		world.complain(error instanceof Error ? error.message : String(error));
		world.complain(`usage: ${USAGE}`);
		return 1;
	}
}

function readArguments(args: readonly string[]) {
	const { values, positionals } = parseArgs({
		args: [...args],
		allowPositionals: true,
		options: {
			roles: { type: 'string', default: 'user' },
			ttl: { type: 'string' },
			name: { type: 'string' },
		},
	});
	const [userId, ...more] = positionals;
	if (userId === undefined || more.length > 0) throw new Error('name one user');
	return {
		userId,
		roles: values.roles.split(',').map((role) => role.trim()),
		name: values.name,
		ttlSeconds: values.ttl === undefined ? undefined : Number(values.ttl),
	};
}
