import { languageOf, TEXTS } from './texts.ts';

/** The language of this page, by the browser's. */
export const language = languageOf(navigator.languages);
/** Its texts. */
export const texts = TEXTS[language];
