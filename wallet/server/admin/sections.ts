import type { RouteResponse } from '#contract/wallet.ts';
import type { AdminClient, Reply } from './client.ts';
import { ask, tell } from './dialog.ts';
import { button, type Child, element, field, table } from './dom.ts';
import { refusalWords, type Word, type Words } from './words.ts';

export type Overview = RouteResponse<'adminOverview'>;

/** What a section of the page is drawn from. */
export interface Shown {
  readonly words: Words;
  readonly client: AdminClient;
  readonly overview: Overview;
  /** Something was changed: what is shown is read anew. */
  readonly refresh: () => void;
  /** Makes a UUIDv7. */
  readonly newId: () => string;
}

const METHODS = ['shown_code', 'contactless', 'store_code', 'linked'] as const;
const KINDS = ['card', 'bank_account', 'carrier', 'cash_point'] as const;

export function terminalsSection(shown: Shown): readonly Child[] {
  const { words, overview } = shown;
  const order = ['awaiting_approval', 'active', 'revoked'];
  const terminals = overview.terminals.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  if (terminals.length === 0) return [empty(words('noTerminals'))];
  const rows = terminals.map((terminal) => [
    twoLines(terminal.name, terminal.storeName),
    element('code', { className: 'fingerprint', textContent: terminal.fingerprint }),
    twoLines(
      element('span', { className: `state ${terminal.state}`, textContent: words(terminal.state) }),
      timeOf(terminal.enrolledAt),
    ),
    element(
      'span',
      { className: 'row-actions' },
      terminal.state === 'awaiting_approval'
        ? button(words('approve'), 'primary', () => void approve(shown, terminal))
        : undefined,
      terminal.state === 'revoked' ? undefined : button(words('revoke'), 'quiet', () => void revoke(shown, terminal)),
    ),
  ]);
  const heads = ['terminal', 'fingerprint', 'state', 'actions'] as const;
  return [table(heads.map(words), rows)];
}

async function approve({ words, client, refresh }: Shown, terminal: Overview['terminals'][number]): Promise<void> {
  const { terminalId, fingerprint: letters } = terminal;
  const done = await ask({
    words,
    title: words('approveTitle'),
    content: [
      element('p', { className: 'soft', textContent: `${terminal.storeName} · ${terminal.name}` }),
      element('p', { className: 'large-code', textContent: letters }),
      element('p', { textContent: words('approveText') }),
    ],
    action: words('approve'),
    act: async () => said(words, await client.call('adminApproveTerminal', { terminalId }, { fingerprint: letters })),
  });
  if (done !== undefined) refresh();
}

async function revoke({ words, client, refresh }: Shown, terminal: Overview['terminals'][number]): Promise<void> {
  const { terminalId } = terminal;
  const done = await ask({
    words,
    title: words('revokeTitle'),
    content: [
      element('p', { className: 'soft', textContent: `${terminal.storeName} · ${terminal.name}` }),
      element('p', { textContent: words('revokeText') }),
    ],
    action: words('revoke'),
    isDangerous: true,
    act: async () => said(words, await client.call('adminRevokeTerminal', { terminalId })),
  });
  if (done !== undefined) refresh();
}

export function storesSection(shown: Shown): readonly Child[] {
  const { words, overview, newId } = shown;
  const rows = overview.stores.map((store) => [
    store.name,
    store.settlementMethods.map((method) => methodWord(words, method)).join(words('comma')),
    element(
      'span',
      { className: 'row-actions' },
      button(words('makeCode'), 'primary', () => void makeCode(shown, store.storeId)),
      button(words('editStore'), 'quiet', () => void editStore(shown, store)),
    ),
  ]);
  const fresh = {
    storeId: newId() as Overview['stores'][number]['storeId'],
    name: '',
    settlementMethods: [...METHODS],
  };
  return [
    toolbar(button(words('newStore'), 'primary', () => void editStore(shown, fresh))),
    rows.length === 0 ? empty(words('noStores')) : table([words('name'), words('methods'), words('actions')], rows),
  ];
}

async function makeCode({ words, client }: Shown, storeId: Overview['stores'][number]['storeId']): Promise<void> {
  const needsApproval = element('input', { type: 'checkbox', checked: true });
  const made = await ask({
    words,
    title: words('makeCodeTitle'),
    content: [element('label', { className: 'check' }, needsApproval, words('needsApproval'))],
    action: words('make'),
    act: async () =>
      said(words, await client.call('adminMakeEnrolmentCode', { storeId }, { isApproved: !needsApproval.checked })),
  });
  if (made === undefined) return;
  tell(
    words,
    words('makeCode'),
    element('p', { className: 'large-code', textContent: made.enrolmentCode }),
    element('p', { textContent: `${words('codeText')} ${timeOf(made.expiresAt)}.` }),
  );
}

async function editStore({ words, client, refresh }: Shown, store: Overview['stores'][number]): Promise<void> {
  const name = element('input', { type: 'text', required: true, maxLength: 64, value: store.name });
  const fee = element('input', { type: 'number', min: '0', max: '999', step: '0.1' });
  const choices = METHODS.map((method) => ({
    method,
    input: element('input', { type: 'checkbox', checked: store.settlementMethods.includes(method) }),
  }));
  const done = await ask({
    words,
    title: store.name === '' ? words('newStore') : store.name,
    content: [
      field(words('name'), name),
      checks(
        words('methods'),
        choices.map(({ method, input }) => [input, words(method)] as const),
      ),
      field(words('fee'), fee, words('feeHint')),
    ],
    action: words('save'),
    act: async () => {
      const settlementMethods = choices.filter(({ input }) => input.checked).map(({ method }) => method);
      const numerator = Math.round(Number(fee.value) * 10);
      const body = {
        name: name.value,
        settlementMethods,
        ...(fee.value === '' ? {} : { fee: { numerator, denominator: 10_000 as const } }),
      };
      return said(words, await client.call('adminOpenStore', { storeId: store.storeId }, body));
    },
  });
  if (done !== undefined) refresh();
}

export function operatorsSection(shown: Shown): readonly Child[] {
  const { words, overview } = shown;
  const rows = overview.operators.map(({ name, operatorId, kinds, url }) => [
    name,
    element('code', { textContent: operatorId }),
    kinds.map((kind) => words(kind)).join(words('comma')),
    element('code', { textContent: url }),
  ]);
  return [
    toolbar(button(words('newOperator'), 'primary', () => void addOperator(shown))),
    rows.length === 0
      ? empty(words('noOperators'))
      : table([words('name'), words('operatorId'), words('kinds'), words('address')], rows),
  ];
}

async function addOperator({ words, client, refresh }: Shown): Promise<void> {
  const operatorId = element('input', { type: 'text', required: true, pattern: '[a-z][a-z0-9\\-]{0,31}' });
  const name = element('input', { type: 'text', required: true, maxLength: 64 });
  const url = element('input', { type: 'url', required: true, placeholder: 'https://operator.example' });
  const publicKey = element('input', { type: 'text', required: true, minLength: 43, maxLength: 43 });
  const choices = KINDS.map((kind) => ({
    kind,
    input: element('input', { type: 'checkbox', checked: kind === 'card' }),
  }));
  const done = await ask({
    words,
    title: words('newOperator'),
    content: [
      field(words('name'), name),
      field(words('operatorId'), operatorId, words('operatorIdHint')),
      field(words('address'), url),
      field(words('publicKey'), publicKey, words('publicKeyHint')),
      checks(
        words('kinds'),
        choices.map(({ kind, input }) => [input, words(kind)] as const),
      ),
    ],
    action: words('save'),
    act: async () => {
      const kinds = choices.filter(({ input }) => input.checked).map(({ kind }) => kind);
      const body = { name: name.value, url: url.value, publicKey: publicKey.value, kinds };
      return said(words, await client.call('adminPutOperator', { operatorId: operatorId.value }, body));
    },
  });
  if (done !== undefined) refresh();
}

export function exposureSection({ words, overview }: Shown): readonly Child[] {
  const cards = overview.offlineExposure.map(({ currency, bound, reserved, aliases }) =>
    element(
      'section',
      { className: 'card' },
      element('p', { className: 'soft', textContent: words('bound') }),
      element('p', { className: 'figure', textContent: moneyOf(bound, currency) }),
      element('p', {}, `${words('reserved')}: ${moneyOf(reserved, currency)}`),
      element('p', {}, `${words('aliases')}: ${aliases}`),
    ),
  );
  return [
    element('p', { className: 'lead', textContent: words('exposureText') }),
    cards.length === 0 ? empty(words('noExposure')) : element('div', { className: 'cards' }, ...cards),
  ];
}

export function walletsSection({ words, client, overview }: Shown): readonly Child[] {
  const walletId = element('input', { type: 'text', required: true, placeholder: '0190…', spellcheck: false });
  const forgetPin = element('input', { type: 'checkbox' });
  const outcome = element('p', { role: 'status' });
  const form = element(
    'form',
    { className: 'card' },
    element('h2', { textContent: words('unlockTitle') }),
    element('p', { textContent: words('unlockText') }),
    field(words('walletId'), walletId),
    element('label', { className: 'check' }, forgetPin, words('forgetPin')),
    element(
      'div',
      { className: 'actions' },
      element('button', { type: 'submit', className: 'primary', textContent: words('unlock') }),
    ),
    outcome,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const params = { walletId: walletId.value.trim() };
    void client.call('adminUnlockWallet', params, { forgetPin: forgetPin.checked }).then((reply) => {
      outcome.className = reply.ok ? 'success' : 'trouble';
      outcome.textContent = reply.ok ? words('unlocked') : refusalWords(words, reply.code);
    });
  });
  return [element('p', { className: 'lead', textContent: `${words('walletCount')}: ${overview.wallets}` }), form];
}

/** The value, or the refusal in words. */
function said<Name extends Parameters<AdminClient['call']>[0]>(
  words: Words,
  reply: Reply<Name>,
): Extract<Reply<Name>, { ok: true }>['value'] | { readonly refusal: string } {
  return reply.ok ? reply.value : { refusal: refusalWords(words, reply.code) };
}

function methodWord(words: Words, method: string): string {
  return (METHODS as readonly string[]).includes(method) ? words(method as Word) : method;
}

function twoLines(first: string | Node, second: string): HTMLElement {
  return element('span', { className: 'two-lines' }, first, element('small', { textContent: second }));
}

function checks(legend: string, choices: readonly (readonly [HTMLInputElement, string])[]): HTMLElement {
  return element(
    'fieldset',
    {},
    element('legend', { textContent: legend }),
    ...choices.map(([input, text]) => element('label', { className: 'check' }, input, text)),
  );
}

function toolbar(...children: readonly Child[]): HTMLElement {
  return element('div', { className: 'toolbar' }, ...children);
}

function empty(text: string): HTMLElement {
  return element('p', { className: 'empty', textContent: text });
}

function timeOf(instant: string): string {
  const language = document.documentElement.lang;
  return new Date(instant).toLocaleString(language, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

function moneyOf(amount: number, currency: string): string {
  const format = new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 0));
}
