// The administrator's page. The token is kept for as long as the tab is open, and sent in a header, never in an address.
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/noto-sans-jp/wght.css';
import { uuidV7 } from '#contract/ids.ts';
import { type AdminClient, openAdminClient } from './client.ts';
import { button, element, field } from './dom.ts';
import { exposureSection, operatorsSection, walletsSection } from './money.ts';
import { storesSection, terminalsSection } from './shop.ts';
import type { Overview, Shown } from './shown.ts';
import { browserLanguage, type Language, openWords, refusalWords } from './words.ts';

const TOKEN = 'warikan-admin-token';
const LANGUAGE = 'warikan-admin-language';
/** A terminal that waits for approval appears by itself. */
const REFRESH_MS = 5_000;

const sections = {
  terminals: terminalsSection,
  stores: storesSection,
  operators: operatorsSection,
  exposure: exposureSection,
  wallets: walletsSection,
};
type Section = keyof typeof sections;

const root = document.querySelector('#root') ?? document.body;
const newId = (): string => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
let language: Language =
  sessionStorage.getItem(LANGUAGE) === 'ja'
    ? 'ja'
    : (sessionStorage.getItem(LANGUAGE) ?? '') === 'en'
      ? 'en'
      : browserLanguage();
let section: Section = sectionOf(location.hash);
let stopRefreshing = (): void => {};

addEventListener('hashchange', () => {
  section = sectionOf(location.hash);
  begin();
});
begin();

function begin(): void {
  stopRefreshing();
  document.documentElement.lang = language;
  document.title = openWords(language)('title');
  const token = sessionStorage.getItem(TOKEN);
  if (token === null) return showSignIn();
  const client = openAdminClient(token);
  void refresh(client);
  const timer = setInterval(() => {
    if (!document.hidden) void refresh(client, true);
  }, REFRESH_MS);
  stopRefreshing = () => clearInterval(timer);
}

function showSignIn(trouble = ''): void {
  const words = openWords(language);
  const token = element('input', { type: 'password', required: true, autocomplete: 'off', spellcheck: false });
  const form = element(
    'form',
    { className: 'card sign-in' },
    element('h1', { textContent: words('title') }),
    field(words('token'), token, words('tokenHint')),
    element('p', { className: 'trouble', role: 'alert', textContent: trouble }),
    element(
      'div',
      { className: 'actions' },
      languageButton(),
      element('button', { type: 'submit', className: 'primary', textContent: words('signIn') }),
    ),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = token.value.trim();
    void openAdminClient(given)
      .call('adminOverview', {})
      .then((reply) => {
        if (!reply.ok) return showSignIn(refusalWords(words, reply.code));
        sessionStorage.setItem(TOKEN, given);
        begin();
      });
  });
  root.replaceChildren(element('main', { className: 'alone' }, form));
  token.focus();
}

/** @param isQuiet the page stays as it is where nothing has changed, so that nothing jumps under somebody's hand */
async function refresh(client: AdminClient, isQuiet = false): Promise<void> {
  const reply = await client.call('adminOverview', {});
  if (reply.ok) return show(client, reply.value, isQuiet);
  if (reply.code === 'admin_token_invalid') signOut();
  else if (!isQuiet) show(client, undefined, false, refusalWords(openWords(language), reply.code));
}

let last = '';

function show(client: AdminClient, overview: Overview | undefined, isQuiet: boolean, trouble = ''): void {
  const { serverTime: _, ...lasting } = overview ?? { serverTime: '' };
  const now = JSON.stringify(lasting);
  if (isQuiet && now === last) return;
  // A form that somebody may be filling in is drawn once.
  if (isQuiet && section === 'wallets') return;
  last = now;
  const words = openWords(language);
  const waiting = overview?.terminals.filter(({ state }) => state === 'awaiting_approval').length ?? 0;
  const shown: Shown | undefined =
    overview === undefined ? undefined : { words, client, overview, newId, refresh: () => void refresh(client) };
  const links = (Object.keys(sections) as Section[]).map((name) => {
    const badge =
      name === 'terminals' && waiting > 0
        ? element('span', { className: 'badge', textContent: String(waiting) })
        : undefined;
    const link = element('a', { href: `#${name}` }, words(name), badge);
    if (name === section) link.ariaCurrent = 'page';
    return link;
  });
  root.replaceChildren(
    element(
      'header',
      {},
      element('h1', { textContent: words('title') }),
      element('div', { className: 'row-actions' }, languageButton(), button(words('signOut'), 'quiet', signOut)),
    ),
    element(
      'div',
      { className: 'page' },
      element('nav', { ariaLabel: words('title') }, ...links),
      element(
        'main',
        {},
        element('h2', { textContent: words(section) }),
        trouble === '' ? undefined : element('p', { className: 'trouble', role: 'alert', textContent: trouble }),
        ...(shown === undefined ? [] : sections[section](shown)),
      ),
    ),
  );
}

function languageButton(): HTMLButtonElement {
  return button(openWords(language)('language'), 'quiet', () => {
    language = language === 'en' ? 'ja' : 'en';
    sessionStorage.setItem(LANGUAGE, language);
    begin();
  });
}

function signOut(): void {
  sessionStorage.removeItem(TOKEN);
  begin();
}

function sectionOf(hash: string): Section {
  const name = hash.slice(1);
  return Object.hasOwn(sections, name) ? (name as Section) : 'terminals';
}
