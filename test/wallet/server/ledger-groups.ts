import type { GroupResult } from '#contract/group.ts';
import type { Money } from '#contract/money.ts';
import { wallets } from '#test/wallet/server/ledger-seed.ts';
import type { Oracle } from '#test/wallet/server/oracle.ts';
import type { GiveBack, GroupBooking } from '#wallet/server/ledger/ledger.ts';

/**
 * A table: the payer, some of the other wallets, and one walk-in, who comes last.
 *
 * @param shares parts in a hundred of the bill, one for each but the payer, whose is the rest
 * @param first which of the other wallets is the first guest
 */
export function groupOf(
  payer: string | undefined,
  { amount: whole, currency }: Money,
  shares: readonly number[],
  newId: () => string,
  first = 0,
): GroupBooking {
  const others = [...wallets.slice(first), ...wallets.slice(0, first)].filter(({ walletId }) => walletId !== payer);
  const amounts = shares.map((part) => Math.floor((whole * part) / 100));
  const walkInShare = amounts.at(-1) ?? 0;
  const allotments = others.slice(0, amounts.length - 1).map(({ walletId }, index) => ({
    allotmentId: newId(),
    guestId: `guest-${index}`,
    walletId,
    amount: amounts[index] ?? 0,
  }));
  const ownShare = whole - walkInShare - allotments.reduce((sum, { amount }) => sum + amount, 0);
  const members = allotments.map(({ guestId, allotmentId, amount: share }) => ({
    guestId,
    role: 'member' as const,
    share,
    allotmentId,
  }));
  const result: GroupResult = {
    groupReference: newId().slice(-4),
    payer: 'payer',
    currency,
    ownShare,
    walkInShare,
    shares: [{ guestId: 'payer', role: 'payer', share: ownShare }, ...members],
  };
  const record = JSON.stringify({ guests: shares.length, result });
  return { hash: [first, ...shares].join(), ownShare, walkInShare, allotments, result, record };
}

/** Guests get back as far as their allotments go, one after the other; the rest is the payer's. */
export function shrinkOf(
  { allotments, refunds }: Pick<Oracle, 'allotments' | 'refunds'>,
  groupId: string,
  whole: number,
  lines: string,
): NonNullable<GiveBack['group']> {
  let left = whole;
  const shrinks = [...allotments.values()]
    .filter((allotment) => allotment.groupId === groupId)
    .map(({ guestId, amount: borne }) => {
      const less = Math.min(borne, left);
      left -= less;
      return { guestId, amount: less };
    });
  const refundsBefore = [...refunds.values()].filter(({ refund }) => refund.settlementId === groupId).length;
  return { refundsBefore, lines, linesHash: lines, shrinks: [...shrinks, { guestId: 'payer', amount: left }] };
}
