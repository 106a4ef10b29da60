import { SignJWT } from 'jose';

/** The secret that the bench's servers are started with. */
export const SECRET = 'only-for-the-bench-'.repeat(3);

const key = new TextEncoder().encode(SECRET);

/** A token as an application would issue it. */
export const tokenFor = (userId: string, roles: readonly string[] = ['user']): Promise<string> =>
	new SignJWT({ roles })
		.setProtectedHeader({ alg: 'HS256' })
		.setSubject(userId)
		.setIssuedAt()
		.setExpirationTime('1h')
		.sign(key);
