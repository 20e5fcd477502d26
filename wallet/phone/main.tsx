import './strict-page.ts';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/noto-sans-jp/wght.css';
import './phone.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { openPhone } from './phone.ts';
import { openStorage } from './storage.ts';
import { words } from './words.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html holds the root');
try {
  createRoot(root).render(<App phone={openPhone(await openStorage(indexedDB), window)} />);
} catch {
  // No storage, as in some private windows: without it no key can be kept.
  root.textContent = words[navigator.language.startsWith('ja') ? 'ja' : 'en'].problems.unsupported;
}
