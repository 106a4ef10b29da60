import { pickLanguage } from '../demo/pick-language.ts';
import { TEXTS } from './texts.ts';

/** The language of this page, by the browser's. */
export const language = pickLanguage(
	navigator.languages,
	Object.keys(TEXTS) as (keyof typeof TEXTS)[],
	'en',
);
/** Its texts. */
export const texts = TEXTS[language];
