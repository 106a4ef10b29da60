import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openVault, ownerOf, VaultError, vaultSeries } from '../../src/institutions/vault.ts';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const ann = ownerOf('ann', 'bank-a');

test('[I8] what is sealed shows nothing of the text, and opens again', () => {
	const vault = openVault({ tokenKeys: key('k1') });
	const sealed = vault.seal('a token of ann', ann);
	expect(sealed).toMatch(/^1\.k1\.[\w-]+$/);
	expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString()).not.toContain('token');
	expect(vault.open(sealed, ann)).toBe('a token of ann');
	expect(vault.open(vault.seal('', ann), ann)).toBe('');
	expect(vault.open(vault.seal('한글 🎫', ann), ann)).toBe('한글 🎫');
	expect(vault.seal('a token of ann', ann)).not.toBe(sealed);
});

test('[I8] it opens for its owner alone', () => {
	const vault = openVault({ tokenKeys: key('k1') });
	const sealed = vault.seal('token', ann);
	for (const other of [
		ownerOf('bob', 'bank-a'),
		ownerOf('ann', 'bank-b'),
		ownerOf('annb', 'ank-a'),
	])
		expect(() => vault.open(sealed, other)).toThrow(VaultError);
});

test('[I8] whatever is changed of it is noticed', () => {
	const vault = openVault({ tokenKeys: key('k1') });
	const [form, id, body = ''] = vault.seal('token', ann).split('.');
	const bytes = Buffer.from(body, 'base64url');
	for (let n = 0; n < bytes.length; n++) {
		const changed = Buffer.from(bytes);
		changed[n] = (changed[n] ?? 0) ^ 1;
		expect(() => vault.open(`${form}.${id}.${changed.toString('base64url')}`, ann)).toThrow(
			'a token was sealed for somebody else, or was changed',
		);
	}
	expect(() => vault.open('token', ann)).toThrow('this is not sealed');
	expect(() => vault.open(`1.k1.${body.slice(0, 30)}`, ann)).toThrow('this is not sealed');
});

test('[I8] keys are rotated: the first seals, all open', () => {
	const [old, young] = [key('old'), key('young')];
	const before = openVault({ tokenKeys: old });
	const during = openVault({ tokenKeys: `${young}, ${old}` });
	const after = openVault({ tokenKeys: young });
	const sealed = before.seal('token', ann);
	expect(before.isOld(sealed)).toBe(false);
	expect(during.isOld(sealed)).toBe(true);
	const again = during.seal(during.open(sealed, ann), ann);
	expect(during.isOld(again)).toBe(false);
	expect(after.open(again, ann)).toBe('token');
	expect(() => after.open(sealed, ann)).toThrow('sealed with key old, which TOKEN_KEYS has not');
});

test('[I8] no nonce is used twice, and the same text is never sealed alike', () => {
	const vault = openVault({ tokenKeys: key('k1') });
	const nonces = new Set<string>();
	for (let n = 0; n < 20_000; n++) {
		const body = Buffer.from(vault.seal('token', ann).split('.')[2] ?? '', 'base64url');
		// 96 bits of nonce, then 128 of the tag, then the text.
		expect(body.length).toBe(12 + 16 + 'token'.length);
		nonces.add(body.subarray(0, 12).toString('hex'));
	}
	expect(nonces.size).toBe(20_000);
	// Drawn, not counted: each of the twelve bytes takes about every value.
	for (let at = 0; at < 24; at += 2) {
		const values = new Set([...nonces].map((nonce) => nonce.slice(at, at + 2)));
		expect(values.size).toBe(256);
	}
});

test('[I8] its use is counted by key, of nobody and of no token', () => {
	const [old, young] = [key('old'), key('young')];
	const before = openVault({ tokenKeys: old }).seal('token', ann);
	const lost = openVault({ tokenKeys: key('lost') }).seal('token', ann);
	const vault = openVault({ tokenKeys: `${young},${old}` });
	vault.seal(vault.open(before, ann), ann);
	expect(() => vault.open(before, ownerOf('bob', 'bank-a'))).toThrow(VaultError);
	expect(() => vault.open(lost, ann)).toThrow('sealed with key lost');
	expect(() => vault.open('nonsense', ann)).toThrow(VaultError);
	expect([...vaultSeries(vault).read()]).toEqual([
		['young', 'sealed', 1],
		['young', 'opened', 0],
		['young', 'failed', 0],
		['old', 'sealed', 0],
		['old', 'opened', 1],
		['old', 'failed', 1],
		['unknown', 'sealed', 0],
		['unknown', 'opened', 0],
		['unknown', 'failed', 2],
	]);
});

test('a key is made from the secret of access tokens where none is given', () => {
	const vault = openVault({ authSecret: 'x'.repeat(32) });
	const sealed = vault.seal('token', ann);
	expect(openVault({ authSecret: 'x'.repeat(32) }).open(sealed, ann)).toBe('token');
	expect(() => openVault({ authSecret: 'y'.repeat(32) }).open(sealed, ann)).toThrow(VaultError);
	const rotated = openVault({ tokenKeys: key('k1'), authSecret: 'x'.repeat(32) });
	expect(rotated.seal('token', ann)).toMatch(/^1\.k1\./);
	expect(rotated.isOld(sealed)).toBe(true);
	expect(rotated.open(sealed, ann)).toBe('token');
});

test.each([
	['k1', 'key 1 is not of the form'],
	[`k1:${randomBytes(16).toString('base64')}`, 'key 1 is not of the form'],
	[`${key('k1')},k 2:x`, 'key 2 is not of the form'],
	[`${key('k1')},${key('k1')}`, 'there are two keys k1'],
])('keys that cannot be used are refused, and not repeated', (tokenKeys, problem) => {
	expect(() => openVault({ tokenKeys })).toThrow(problem);
	try {
		openVault({ tokenKeys });
	} catch (error) {
		expect(String(error)).not.toContain(tokenKeys.slice(3, 20) || 'nothing');
	}
	expect(() => openVault({})).toThrow('TOKEN_KEYS is missing');
});
