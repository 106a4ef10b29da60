import { describe, expect, test } from 'vitest';
import { languageOf, TEXTS } from '../../src/demo/texts.ts';

/** Every text by its path; functions are called with something of each kind. */
function flat(table: object, path = ''): [string, string][] {
	return Object.entries(table).flatMap(([key, value]): [string, string][] => {
		const at = `${path}${key}`;
		if (typeof value === 'object') return flat(value, `${at}.`);
		return [[at, typeof value === 'function' ? String(value(7, 7)) : String(value)]];
	});
}

const tables = Object.entries(TEXTS);

describe('texts', () => {
	test.each(tables)('%s has every text, and none is empty', (_, table) => {
		const texts = flat(table);
		expect(texts.map(([path]) => path)).toEqual(flat(TEXTS.en).map(([path]) => path));
		expect(texts.filter(([, text]) => text.trim() === '' || text.includes('undefined'))).toEqual(
			[],
		);
	});

	test('Korean is Korean', () => {
		const foreign = flat(TEXTS.ko).filter(([, text]) => !/\p{Script=Hangul}/u.test(text));
		expect(foreign.map(([path]) => path)).toEqual([]);
	});

	test.each([
		[['ko-KR', 'en'], 'ko'],
		[['fr', 'ko'], 'ko'],
		[['en-GB', 'ko'], 'en'],
		[['xx'], 'en'],
		[[], 'en'],
	] as const)('a browser that wants %o gets %s', (wanted, language) => {
		expect(languageOf(wanted)).toBe(language);
	});
});
