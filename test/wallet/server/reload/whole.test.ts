import { afterEach, beforeEach, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import type { Settlement } from '#contract/settlement.ts';
import { newId, type OpenOperator, openTestOperator, yen } from '#test/wallet/operator/open.ts';
import type { Caller } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

// The whole server, from the code that a phone shows to the money that an operator takes.

let wallet: OpenWallet;
let kumo: OpenOperator;
let terminal: Caller;

beforeEach(async () => {
  wallet = await openWallet({ clock: { nowMs: () => Date.now() } });
  const { operatorKey } = wallet.server;
  kumo = await openTestOperator({ walletUrl: wallet.base, walletKey: operatorKey });
  await wallet.server.putOperator({
    operatorId: 'kumo',
    name: 'Kumo',
    url: kumo.base,
    publicKey: kumo.publicKey,
    kinds: ['card'],
  });
  terminal = await wallet.terminalOf('Bar Mori');
});

afterEach(async () => {
  const { sum, faults } = await wallet.ledger.readBooks();
  await wallet.close();
  await kumo.close();
  expect({ sum, faults }).toEqual({ sum: 0, faults: [] });
});

async function pay(token: string, amount: number): Promise<Settlement['state']> {
  const settlementId = attemptIdSchema.parse(newId());
  const capturedAt = new Date().toISOString();
  const body = {
    checkId: checkIdSchema.parse(newId()),
    amount: yen(amount),
    token,
    capturedAt,
    mode: 'online' as const,
  };
  const settlement = await terminal.get('putSettlement', { settlementId }, body);
  return settlement.state;
}

async function haruWithMeans() {
  const phone = await wallet.customer({ balance: 1_000 });
  const added = { operatorId: 'kumo', kind: 'card' as const, setupToken: 'haru' };
  const { method } = await phone.get('addReloadMethod', {}, added);
  return { phone, methodId: method.methodId };
}

test('a payment that leaves little is followed by an automatic reload', async () => {
  const { phone, methodId } = await haruWithMeans();
  const auto = { isOn: true, methodId, threshold: 500, amount: 2_000, dailyCap: 2_000, monthlyCap: 2_000 };
  await phone.get('putAutoReload', {}, auto);
  const state = await pay(await phone.show(), 700);
  await expect.poll(async () => (await phone.get('getWallet', {})).balance).toEqual(yen(2_300));
  const { entries } = await phone.get('listHistory', {});
  expect({ state, entries: entries.map(({ kind, amount }) => [kind, amount]) }).toEqual({
    state: 'approved',
    entries: [
      ['reload', 2_000],
      ['settlement', -700],
      ['reload', 1_000],
    ],
  });
});

test('a payment by a linked method draws what is lacking from the means, one by the balance is declined', async () => {
  const { phone, methodId } = await haruWithMeans();
  const states = [
    await pay(await phone.show(), 1_700),
    await pay(await phone.show(Date.now(), `linked:${methodId}`), 1_700),
  ];
  expect({ states, balance: (await phone.get('getWallet', {})).balance }).toEqual({
    states: ['declined', 'approved'],
    balance: yen(0),
  });
  expect(kumo.database.prepare('select amount, state from authorisation').all()).toEqual([
    { amount: 700, state: 'captured' },
  ]);
});

test('a payment by a linked method whose means is declined is declined too, and takes nothing', async () => {
  const { phone, methodId } = await haruWithMeans();
  const state = await pay(await phone.show(Date.now(), `linked:${methodId}`), 1_701);
  expect({ state, balance: (await phone.get('getWallet', {})).balance }).toEqual({
    state: 'declined',
    balance: yen(1_000),
  });
});
