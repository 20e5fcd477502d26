import './strict-page.ts';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/noto-sans-jp/wght.css';
import './style/tokens.css';
import './style/base.css';
import { QueryClient, notifyManager } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { keepConnected, waitOnTimer } from './connection.ts';
import { follow, openLive } from './live.ts';
import { openWords } from './locale/words.ts';
import { openPreferences } from './preferences.ts';
import { chooseDial } from './terminal-client.ts';
import { look, openView } from './view.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html holds the root');

const live = openLive();
const view = openView();
const preferences = openPreferences(window.localStorage);
const queries = new QueryClient();
// An answer is painted in the frame in which it comes, not a timer later.
notifyManager.setScheduler(queueMicrotask);

const words = await openWords('en');
const connection = keepConnected({
  dial: chooseDial(window),
  onEvent(event) {
    const terminal = follow(live.getState().terminal, event);
    if (terminal !== live.getState().terminal) live.setState({ terminal });
    view.setState((seen) => look(seen, event, terminal));
    if (event.type === 'catalogueChanged') void queries.invalidateQueries({ queryKey: ['catalogue'] });
    if (event.type === 'saleClosed') void queries.invalidateQueries({ queryKey: ['sales'] });
  },
  onLink: (link) => live.setState({ link }),
  wait: waitOnTimer,
});

createRoot(root).render(<App till={{ live, view, preferences, connection }} queries={queries} words={words} />);
