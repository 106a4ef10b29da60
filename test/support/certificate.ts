import { generateKeyPairSync, sign } from 'node:crypto';

/** A certificate for `localhost` and 127.0.0.1 that signs itself, with its key; both PEM. */
export interface TestCertificate {
	readonly cert: string;
	readonly key: string;
}

/** DER: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
	const content = Buffer.concat(parts);
	const length =
		content.length < 0x80
			? Buffer.from([content.length])
			: Buffer.from([0x82, content.length >> 8, content.length & 0xff]);
	return Buffer.concat([Buffer.from([tag]), length, content]);
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const whole = (...bytes: readonly number[]) => der(0x02, Buffer.from(bytes));
const oid = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
const bits = (bytes: Uint8Array) => der(0x03, Buffer.from([0]), bytes);

/** `YYYYMMDDhhmmssZ`, as GeneralizedTime. */
function time(at: number): Buffer {
	const text = `${new Date(at).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
	return der(0x18, Buffer.from(text));
}

/** Makes one that is valid between two moments, in milliseconds since 1970. */
export function testCertificate(from: number, until: number): TestCertificate {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
	const commonName = sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from('localhost')));
	const name = sequence(der(0x31, commonName));
	const hosts = sequence(
		der(0x82, Buffer.from('localhost')),
		der(0x87, Buffer.from([127, 0, 0, 1])),
	);
	const alternatives = sequence(oid(0x55, 0x1d, 0x11), der(0x04, hosts));
	const body = sequence(
		der(0xa0, whole(2)),
		whole(1),
		ecdsaWithSha256,
		name,
		sequence(time(from), time(until)),
		name,
		publicKey.export({ type: 'spki', format: 'der' }),
		der(0xa3, sequence(alternatives)),
	);
	const certificate = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, privateKey)));
	const base64 = certificate.toString('base64').replace(/.{64}/g, '$&\n');
	return {
		cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
		key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
	};
}
