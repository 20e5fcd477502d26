import type { z } from 'zod';
import type { GroupPaymentView, groupSchema } from '#contract/group.ts';
import { attemptIdSchema, checkIdSchema, refundIdSchema, type CheckId } from '#contract/ids.ts';
import type { Refund, Settlement, SettlementRequest } from '#contract/settlement.ts';
import { type Caller, newId, PIN, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenOptions, type OpenWallet } from '#test/wallet/server/open.ts';

export type Phone = TestPhone & { readonly walletId: string };
export type Group = z.input<typeof groupSchema>;
type Line = Group['lines'][number];

/** Three people with 10,000 each in a café, and the terminal at its counter. */
export interface Meal {
  readonly wallet: OpenWallet;
  readonly terminal: Caller;
  readonly a: Phone;
  readonly b: Phone;
  readonly c: Phone;
  readonly checkId: CheckId;
  /** By guest id: the shop's references, as it learns them when it reads their codes. */
  readonly refs: Readonly<Record<'A' | 'B' | 'C', string>>;
  /** A group of A, B and C by their references, with A paying; what is given is in place of that. */
  group(change?: Partial<Group>): Group;
  bodyOf(phone: Phone, amount: number, change?: Partial<SettlementRequestInput>): Promise<SettlementRequestInput>;
  settle(phone: Phone, amount: number, change?: Partial<SettlementRequestInput>): Promise<Settlement>;
  /** A pays the amount for the group: an approved one, or a failed test. */
  payGroup(amount: number, change?: Partial<Group>): Promise<Extract<Settlement, { state: 'approved' }>>;
  refund(settlement: Settlement, amount: number, lines?: { lineId: string; amount?: number }[]): Promise<Refund>;
  balances(): Promise<Record<'A' | 'B' | 'C', number>>;
  /** As that person's phone shows it. */
  seenBy(phone: Phone, settlement: Settlement): Promise<GroupPaymentView>;
  nowText(): string;
  /** Three other people with another check in the same café. */
  others(): Promise<Meal>;
  /** Fails where money was made or lost, or where the books disagree with themselves. */
  close(): Promise<void>;
}

type SettlementRequestInput = Omit<SettlementRequest, 'group'> & { readonly group?: Group };

export async function openMeal(options?: OpenOptions): Promise<Meal> {
  const wallet = await openWallet(options);
  return seat(wallet, await wallet.terminalOf('Kissa Warikan'));
}

async function seat(wallet: OpenWallet, terminal: Caller): Promise<Meal> {
  const [a, b, c] = [
    await wallet.customer({ name: 'Aoi Watanabe' }),
    await wallet.customer({ name: 'Ben Sato' }),
    await wallet.customer({ name: 'Chie Mori' }),
  ];
  const refOf = async (phone: Phone): Promise<string> =>
    (await terminal.get('resolveToken', {}, { token: await phone.show() })).memberRef;
  const refs = { A: await refOf(a), B: await refOf(b), C: await refOf(c) };
  const checkId = newCheckId();
  const nowText = (): string => new Date(wallet.clock.nowMs()).toISOString();

  const group: Meal['group'] = (change = {}) => ({
    guests: (['A', 'B', 'C'] as const).map((guestId) => ({ guestId, memberRef: refs[guestId] })),
    lines: [],
    payer: 'A',
    ...change,
  });
  const bodyOf: Meal['bodyOf'] = async (phone, amount, change = {}) => ({
    checkId,
    amount: yen(amount),
    capturedAt: nowText(),
    mode: 'online',
    ...change,
    token: change.token ?? (await phone.show()),
  });
  const settle: Meal['settle'] = async (phone, amount, change) =>
    terminal.get('putSettlement', { settlementId: newAttemptId() }, await bodyOf(phone, amount, change));
  const balanceOf = async (phone: Phone): Promise<number> => (await phone.get('getWallet', {})).balance.amount;
  return {
    wallet,
    terminal,
    a,
    b,
    c,
    checkId,
    refs,
    group,
    bodyOf,
    settle,
    payGroup: async (amount, change) => {
      const settlement = await settle(a, amount, { group: group(change) });
      if (settlement.state !== 'approved') throw new Error(`the group was not paid for: ${settlement.state}`);
      return settlement;
    },
    refund: ({ settlementId }, amount, lines) =>
      terminal.get(
        'putRefund',
        { settlementId, refundId: newRefundId() },
        { amount: yen(amount), ...(lines === undefined ? {} : { lines }) },
      ),
    balances: async () => ({ A: await balanceOf(a), B: await balanceOf(b), C: await balanceOf(c) }),
    seenBy: (phone, { settlementId }) => phone.get('getGroupPayment', { groupPaymentId: settlementId }),
    nowText,
    others: () => seat(wallet, terminal),
    close: async () => {
      const { sum, faults } = await wallet.ledger.readBooks();
      await wallet.close();
      if (sum !== 0 || faults.length > 0) throw new Error(`the books do not agree: ${sum} ${faults.join('; ')}`);
    },
  };
}

/** Pays an allotment back, as the phone does it. */
export function repay(phone: Phone, allotmentId: string, amount: number, repaymentId = newId(), pin = PIN) {
  return phone.call('putRepayment', { allotmentId, repaymentId }, { amount: yen(amount), pin });
}

export function line(lineId: string, amount: number, ...guests: string[]): Line {
  return { lineId, name: lineId, amount, consumers: guests.map((guestId) => ({ guestId })) };
}

/** The figures of a booked group, by guest. */
export function sharesOf(settlement: Settlement): Record<string, number> {
  if (settlement.state !== 'approved') throw new Error(`not approved: ${settlement.state}`);
  return Object.fromEntries(settlement.group?.shares.map(({ guestId, share }) => [guestId, share]) ?? []);
}

export function yen(amount: number): { amount: number; currency: string } {
  return { amount, currency: 'JPY' };
}

export function newAttemptId(): Settlement['settlementId'] {
  return attemptIdSchema.parse(newId());
}

export function newRefundId(): Refund['refundId'] {
  return refundIdSchema.parse(newId());
}

export function newCheckId(): CheckId {
  return checkIdSchema.parse(newId());
}
