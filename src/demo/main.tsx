import { render } from 'preact';
import { App } from './app.tsx';
import { language } from './language.ts';

document.documentElement.lang = language;
const page = document.getElementById('page');
if (page) render(<App />, page);
