import { render } from 'preact';
import { App } from './app.tsx';
import { language, texts } from './language.ts';

document.documentElement.lang = language;
document.title = texts.title;
const page = document.getElementById('page');
if (page) render(<App />, page);
