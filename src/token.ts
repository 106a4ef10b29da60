/** `npm run token -- ann --roles user,ops`: prints a token that a node with these settings takes. */
import { readConfig } from './config.ts';
import { ensureDevelopmentSecret } from './gateway/auth/development-secret.ts';
import { runTokenCommand } from './gateway/auth/token-command.ts';

async function secret(): Promise<string> {
	const { auth, development, dataDirectory } = readConfig();
	if (auth.secret !== undefined) return auth.secret;
	if (development) return await ensureDevelopmentSecret(dataDirectory);
	throw new Error('AUTH_SECRET is not set: tokens come from the issuer of AUTH_JWKS_URL');
}

process.exitCode = await runTokenCommand(process.argv.slice(2), {
	secret,
	print: (line) => void process.stdout.write(`${line}\n`),
	complain: (line) => void process.stderr.write(`${line}\n`),
});
