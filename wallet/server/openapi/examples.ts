import type { RouteName } from '#contract/wallet.ts';

/** A body that each route takes as it stands, but for the ids, codes and keys in it. */
const ID = '019ab3c0-7f00-7a10-8000-0000000000';
const PUBLIC_KEY = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const CODE = 'WRK1:…';
const yen = (amount: number) => ({ amount, currency: 'JPY' });

const group = {
  guests: [{ guestId: 'a', token: CODE }, { guestId: 'b', memberRef: 'Zr3uYd8mQk1x0aBc' }, { guestId: 'c' }],
  lines: [
    {
      lineId: '1',
      name: 'Hot pot',
      quantity: 1_000,
      unitPrice: 1_600,
      amount: 1_600,
      consumers: [{ guestId: 'a' }, { guestId: 'b' }],
    },
    { lineId: '2', name: 'Rice', quantity: 3_000, unitPrice: 200, amount: 600 },
  ],
  adjustments: [{ kind: 'serviceCharge' as const, amount: 220 }],
  payer: 'a',
};

const settlement = {
  checkId: `${ID}c1`,
  amount: yen(1_200),
  token: CODE,
  capturedAt: '2026-11-23T03:00:00Z',
  mode: 'online' as const,
};

const examples: { readonly [Name in RouteName]?: unknown } = {
  enrolTerminal: { enrolmentCode: 'K7QF-3MZPXW', publicKey: PUBLIC_KEY, name: 'Counter 1' },
  resolveToken: { token: CODE },
  putMembers: { label: 'Table 5', guests: [{ guestId: 'a', token: CODE }, { guestId: 'b' }] },
  putConsumption: { currency: 'JPY', lines: group.lines, adjustments: group.adjustments },
  previewSplit: { amount: yen(2_420), group },
  putTable: { name: 'Table 5' },
  putNotice: {
    title: 'Crab is in season',
    body: 'The pot that you like, with snow crab until Sunday.',
    keywords: ['hot pot', 'crab'],
    until: '2026-12-06T15:00:00Z',
  },
  putSettlement: { ...settlement, amount: yen(2_420), group },
  putSettlements: { items: [{ ...settlement, settlementId: `${ID}e1`, mode: 'offline' }] },
  putRefund: { amount: yen(600), reason: 'the rice never came', lines: [{ lineId: '2' }] },
  openWallet: { name: 'Haru Tanaka', publicKey: PUBLIC_KEY },
  bindPhone: { bindingCode: 'K7QF-3MZPXW', publicKey: PUBLIC_KEY, name: 'Haru’s phone' },
  makeBindingCode: { pin: '2580' },
  putPin: { pin: '2580' },
  putSettlementMethod: { method: 'shown_code' },
  putOfflineAllowance: { amount: yen(5_000) },
  issueCredential: { pin: '2580', method: 'shown_code' },
  addReloadMethod: { operatorId: 'kumo-card', kind: 'card', setupToken: 'tok-4711' },
  putReload: { methodId: `${ID}a1`, amount: yen(5_000) },
  putAutoReload: {
    isOn: true,
    methodId: `${ID}a1`,
    threshold: 1_000,
    amount: 3_000,
    dailyCap: 10_000,
    monthlyCap: 50_000,
  },
  operatorWebhook: {
    webhookId: `${ID}b1`,
    type: 'authorisation.captured',
    authorisationId: `${ID}a2`,
    amount: yen(5_000),
    at: '2026-11-23T03:00:00Z',
    sequence: 1,
  },
  checkIn: { tableCode: 'WRT1:…' },
  treat: { allotmentIds: [] },
  putRepayment: { amount: yen(1_000), pin: '2580' },
  adminOpenStore: {
    name: 'Kissa Warikan',
    settlementMethods: ['shown_code', 'contactless'],
    fee: { numerator: 90, denominator: 10_000 },
    offlinePolicy: { perSettlement: 5_000 },
  },
  adminMakeEnrolmentCode: { isApproved: false },
  adminApproveTerminal: { fingerprint: 'K7QF-3MZP-XWAB-0D1E-92HK' },
  adminPutOperator: {
    name: 'Kumo Card',
    url: 'https://operator.example',
    publicKey: PUBLIC_KEY,
    kinds: ['card'],
  },
  adminUnlockWallet: { forgetPin: true },
};

/** Undefined where the route takes no body. */
export function exampleOf(name: RouteName): unknown {
  return examples[name];
}
