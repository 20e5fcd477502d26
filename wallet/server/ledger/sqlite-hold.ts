import { refuse } from './answers.ts';
import type { Outcome, PlaceHold, ReleaseHolds } from './ledger.ts';
import { changeOne, type HoldRow, type Statements } from './sqlite-statements.ts';

/** Money that is reserved for offline settlements: one open hold for each wallet. */
export function placeHold(sql: Statements, command: PlaceHold): Outcome {
  const { holdId, walletId, target, promisedUntilMs, expiresAtMs, atMs } = command;
  const wallet = sql.findWallet.get(walletId);
  if (wallet === undefined) return refuse('not_found');
  if (wallet.is_locked === 1) return refuse('wallet_locked');
  const found = sql.findOpenHold.get(walletId);
  const hasExpired = found !== undefined && found.expires_at_ms <= atMs;
  if (hasExpired) close(sql, found, 'expired', atMs);
  const open = hasExpired ? undefined : found;
  const held = hasExpired ? wallet.held - remainingOf(found) : wallet.held;
  // The answer to a request that comes again after its hold has ended, where a new hold would be a surprise.
  if (open === undefined && sql.isHold.get(holdId) !== undefined) return refuse('duplicate_mismatch');

  const before = open === undefined ? 0 : remainingOf(open);
  const kept = open !== undefined && atMs < open.promised_until_ms ? before : 0;
  const remaining = Math.max(kept, Math.min(target, wallet.balance - held + before));
  if (remaining === 0) {
    if (open !== undefined) close(sql, open, 'voided', atMs);
    return { type: 'held', remaining: 0, expiresAtMs };
  }
  changeOne(sql.changeHeld.run(remaining - before, walletId));
  if (open === undefined) {
    const { currency } = wallet;
    changeOne(sql.insertHold.run(holdId, walletId, remaining, currency, atMs, promisedUntilMs, expiresAtMs));
    return { type: 'held', remaining, expiresAtMs };
  }
  // A hold that only runs out promises nothing new.
  const until = target > 0 ? Math.max(open.promised_until_ms, promisedUntilMs) : open.promised_until_ms;
  const expires = target > 0 ? Math.max(open.expires_at_ms, expiresAtMs) : open.expires_at_ms;
  changeOne(sql.changeHold.run(open.posted + remaining, until, expires, open.id));
  return { type: 'held', remaining, expiresAtMs: expires };
}

export function releaseHolds(sql: Statements, { atMs }: ReleaseHolds): Outcome {
  const expired = sql.findExpired.all(atMs);
  for (const hold of expired) close(sql, hold, 'expired', atMs);
  return { type: 'released', count: expired.length };
}

function close(sql: Statements, hold: HoldRow, state: 'expired' | 'voided', atMs: number): void {
  changeOne(sql.closeHold.run(state, atMs, hold.id));
  changeOne(sql.changeHeld.run(-remainingOf(hold), hold.wallet_id));
}

function remainingOf({ amount, posted }: HoldRow): number {
  return amount - posted;
}
