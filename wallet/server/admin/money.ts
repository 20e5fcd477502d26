import { ask, tell } from './dialog.ts';
import { button, type Child, element, field, table } from './dom.ts';
import { checks, empty, moneyOf, said, type Shown, timeOf, toolbar } from './shown.ts';
import { refusalWords } from './words.ts';

const KINDS = ['card', 'bank_account', 'carrier', 'cash_point'] as const;

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
      button(words('bindingCode'), 'quiet', () => void makeBindingCode()),
      element('button', { type: 'submit', className: 'primary', textContent: words('unlock') }),
    ),
    outcome,
  );

  async function makeBindingCode(): Promise<void> {
    outcome.textContent = '';
    if (!form.reportValidity()) return;
    const reply = await client.call('adminMakeBindingCode', { walletId: walletId.value.trim() });
    if (!reply.ok) {
      outcome.className = 'trouble';
      outcome.textContent = refusalWords(words, reply.code);
      return;
    }
    tell(
      words,
      words('bindingCode'),
      element('p', { className: 'large-code', textContent: reply.value.bindingCode }),
      element('p', { textContent: `${words('bindingText')} ${timeOf(reply.value.expiresAt)}.` }),
    );
  }

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
