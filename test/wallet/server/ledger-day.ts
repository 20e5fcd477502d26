import { groupOf } from '#test/wallet/server/ledger-groups.ts';
import {
  checks,
  holdIds,
  id,
  origins,
  refundIds,
  reloadIds,
  repaymentIds,
  settlementIds,
  stores,
  terminals,
  wallets,
} from '#test/wallet/server/ledger-seed.ts';
import type { Command, GiveBack, Ledger, Settle } from '#wallet/server/ledger/ledger.ts';

/** One of a list that is known to be long enough. */
export function nth<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new Error('the list is long enough');
  return value;
}

const walletIds = wallets.map(({ walletId }) => walletId);
/** Haru and Mei, Sora: the first three wallets, in yen. */
export const [haru, mei, sora] = [nth(walletIds, 0), nth(walletIds, 1), nth(walletIds, 2)];

/** An online settlement of nothing special. */
function settleOf(index: number, walletId: string, amount: number, more: Partial<Settle> = {}): Settle {
  return {
    type: 'settle',
    settlementId: nth(settlementIds, index),
    storeId: nth(stores, 0),
    terminalId: nth(terminals, 0),
    checkId: nth(checks, 0),
    amount: { amount, currency: 'JPY' },
    payer: {
      isGood: true,
      alias: `alias-${walletId.slice(-1)}`,
      counter: index,
      walletId,
      perPaymentLimit: 50_000,
      offlineAllowance: { amount: 0, currency: 'JPY' },
      member: { memberRef: 'r', maskedName: 'Haru •••', settlementMethod: 'shown_code' },
    },
    mode: 'online',
    fee: 30,
    limits: { perPayment: 50_000, perDay: 100_000, perMonth: 500_000, day: 1, month: 1 },
    capturedAtMs: index,
    atMs: index,
    ...more,
  };
}

function reloadOf(index: number, walletId: string, amount: number, origin = 0): Command {
  const money = { amount, currency: 'JPY' };
  const ids = { reloadId: nth(reloadIds, index), walletId, fromAccount: nth(origins, origin) };
  return { type: 'reload', ...ids, amount: money, atMs: 0 };
}

/** Allotments of the day's group: Mei's and Sora's. */
export const allotmentIds = [id(11, 0), id(11, 1)];

/**
 * A day on which everything happens once. Haru pays 1,000 for Mei, Sora and a walk-in; Mei repays her 250, and 200 of
 * them are given back; Sora is treated. Haru's second sale is cancelled, his third is an offline one of 300 out of a hold
 * of 500. Sora spends what is charged back later, so that 1,500 of 2,000 are owed, of which 100 are paid. A reload of Mei's
 * is reversed.
 */
const day: readonly Command[] = [
  reloadOf(0, haru, 5_000, 1),
  reloadOf(1, mei, 1_000),
  reloadOf(2, sora, 2_000, 2),
  reloadOf(3, mei, 300, 1),
  settleOf(0, haru, 1_000, { group: group() }),
  settleOf(1, haru, 500),
  {
    type: 'cancel',
    settlementId: nth(settlementIds, 1),
    storeId: nth(stores, 0),
    terminalId: nth(terminals, 0),
    transferId: id(10, 1),
    atMs: 10,
  },
  {
    type: 'repay',
    repaymentId: nth(repaymentIds, 0),
    allotmentId: nth(allotmentIds, 0),
    walletId: mei,
    amount: { amount: 250, currency: 'JPY' },
    atMs: 11,
  },
  giveBack(),
  { type: 'treat', groupPaymentId: nth(settlementIds, 0), walletId: haru, allotmentIds: [], atMs: 13 },
  settleOf(2, sora, 1_500),
  { type: 'charge_back', reloadId: nth(reloadIds, 2), atMs: 14 },
  reloadOf(4, sora, 100),
  { type: 'reverse_reload', reloadId: nth(reloadIds, 3), atMs: 15 },
  {
    type: 'place_hold',
    holdId: nth(holdIds, 0),
    walletId: haru,
    target: 500,
    promisedUntilMs: 100,
    expiresAtMs: 200,
    atMs: 16,
  },
  settleOf(3, haru, 300, { mode: 'offline' }),
];

/** Books the day; nothing of it is refused. */
export async function bookDay(ledger: Ledger): Promise<void> {
  const outcomes = await ledger.book(day);
  const refused = outcomes.find(
    (outcome) =>
      outcome.type === 'refused' || (outcome.type === 'settlement' && outcome.settlement.state === 'declined'),
  );
  if (refused !== undefined) throw new Error(`the day goes well, not ${JSON.stringify(refused)}`);
}

function group() {
  let last = 0;
  return groupOf(haru, { amount: 1_000, currency: 'JPY' }, [25, 25, 10], () => id(11, last++));
}

function giveBack(): GiveBack {
  const shrinks = [
    { guestId: 'guest-0', amount: 200 },
    { guestId: 'payer', amount: 100 },
  ];
  return {
    type: 'refund',
    refundId: nth(refundIds, 0),
    settlementId: nth(settlementIds, 0),
    storeId: nth(stores, 0),
    terminalId: nth(terminals, 0),
    amount: { amount: 300, currency: 'JPY' },
    reason: 'cold coffee',
    group: { refundsBefore: 0, lines: '[]', linesHash: 'coffee', shrinks },
    atMs: 12,
  };
}
