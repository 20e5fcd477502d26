import { ask, tell } from './dialog.ts';
import { button, type Child, element, field, table } from './dom.ts';
import { checks, empty, type Overview, said, type Shown, timeOf, toolbar, twoLines } from './shown.ts';
import type { Word, Words } from './words.ts';

const METHODS = ['shown_code', 'contactless', 'store_code', 'linked'] as const;

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

function methodWord(words: Words, method: string): string {
  return (METHODS as readonly string[]).includes(method) ? words(method as Word) : method;
}
