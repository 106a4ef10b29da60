import { describe, expect, test } from 'vitest';
import { languageOf, TEXTS } from '../../src/demo/texts.ts';
import { TEXTS as INSPECTOR_TEXTS } from '../../src/inspector/texts.ts';

/** Every text by its path; functions are called with something of each kind. */
function flat(table: object, path = ''): [string, string][] {
	return Object.entries(table).flatMap(([key, value]): [string, string][] => {
		const at = `${path}${key}`;
		if (typeof value === 'object') return flat(value, `${at}.`);
		return [[at, typeof value === 'function' ? String(value(7, 7)) : String(value)]];
	});
}

const tables = [
	...Object.values(TEXTS).map((table) => [table, TEXTS.en] as const),
	...Object.values(INSPECTOR_TEXTS).map((table) => [table, INSPECTOR_TEXTS.en] as const),
];

describe('texts', () => {
	test.each(tables)('table %#: has every text, and none is empty', (table, english) => {
		const texts = flat(table);
		expect(texts.map(([path]) => path)).toEqual(flat(english).map(([path]) => path));
		expect(texts.filter(([, text]) => text.trim() === '' || text.includes('undefined'))).toEqual(
			[],
		);
	});

	test.each([[TEXTS.ko], [INSPECTOR_TEXTS.ko]])('Korean is Korean: %#', (korean) => {
		const foreign = flat(korean).filter(([, text]) => !/\p{Script=Hangul}/u.test(text));
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
