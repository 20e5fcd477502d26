import './strict-page.ts';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/noto-sans-jp/wght.css';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/buttons.css';
import './style/rows.css';
import './style/fields.css';
import './style/overlays.css';
import './style/welcome.css';
import './style/home.css';
import './style/pin.css';
import './style/code.css';
import './style/reload.css';
import './style/table.css';
import './style/sharing.css';
import './style/settings.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { openClient } from './client.ts';
import { HostProvider } from './context.tsx';
import { openPhone } from './phone.ts';
import { openPreferences } from './preferences.ts';
import { openRouter } from './router.ts';
import { openStorage } from './storage.ts';
import { words } from './words/words.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html holds the root');
const preferences = openPreferences(window);
try {
  const storage = await openStorage(indexedDB);
  const phone = openPhone({ storage, client: openClient(window.location.origin), page: window });
  const host = { phone, preferences, router: openRouter(window) };
  createRoot(root).render(
    <HostProvider host={host}>
      <App />
    </HostProvider>,
  );
} catch {
  // No storage, as in some private windows: without it no key can be kept.
  root.textContent = words[preferences.current().language].welcome.problems.unsupported;
}
// Only over a secure address is there one; without it the page works, but not offline.
if ('serviceWorker' in navigator) {
  void navigator.serviceWorker.register('./service-worker.js').catch(() => undefined);
}
