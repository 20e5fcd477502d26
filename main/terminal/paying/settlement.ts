import assert from 'node:assert';
import { createHash } from 'node:crypto';
import {
  type Attempt,
  type InquiryAnswer,
  answerTimeoutMs,
  inquiryDelaysMs,
  inquiryLimitMs,
  isUnresolved,
} from '#contract/attempt.ts';
import { type AttemptId, type CheckId, attemptIdSchema, tenderIdSchema } from '#contract/ids.ts';
import { type Money, equals } from '#contract/money.ts';
import type { Settlement } from '#contract/settlement.ts';
import type { Tender } from '#contract/tender.ts';
import type { Problem, ProblemCode } from '#contract/wallet.ts';
import { type Clock, timestamp } from '../clock.ts';
import type { EntryDraft } from '../journal/entry.ts';
import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import type { People } from '../people/staff.ts';
import { Refused } from '../refused.ts';
import type { CheckRecord } from '../selling/check-fold.ts';
import type { CheckRows } from '../selling/check-rows.ts';
import type { AttemptRows } from './attempt.ts';
import { forgetToken, keepToken } from './attempt.ts';
import type { BillOffice } from './bill.ts';
import type { Sales } from './sale.ts';
import type { TenderRows } from './tender.ts';
import type { WalletPort, WalletReply } from './wallet-port.ts';

/**
 * The attempt to settle a check from a customer's wallet: design of the states in `contract/attempt.ts`.
 *
 * Three rules carry it. Nothing is sent before the commit that records it. Every request about an attempt carries the
 * attempt's own id. And an attempt ends only by the wallet server's word, or by the certainty that nothing left this
 * machine: a request that got no answer did not fail, it is asked about.
 */
export interface Settlements {
  /**
   * Books an attempt and sends it.
   *
   * @throws Refused `attemptUnresolved` while an earlier one on the check has no outcome
   */
  begin(record: CheckRecord, amount: Money, token: string): AttemptId;
  /** Asks at once what became of the check's attempt. */
  askNow(checkId: string): void;
  /** Gives up an attempt whose outcome stayed unknown. It is "not paid" only when the wallet server says so. */
  cancel(checkId: string): void;
  /** Has the wallet server undo an approved attempt of a bill that is not closed yet. */
  takeBack(attemptId: string): void;
  /** The latest attempt on a check, with how the asking goes. */
  latestOf(checkId: string): Attempt | undefined;
  /** Takes up every attempt that a stop of the terminal left open: it asks first, and sends nothing. */
  resume(): void;
  /** The asking made progress that no commit tells of. */
  onProgress(listener: () => void): void;
  close(): void;
}

/** How the asking about one attempt goes. In memory only: after a restart it begins anew. */
interface Pursuit {
  questions: number;
  lastAnswer: InquiryAnswer;
  /** The request that is waited for. An earlier one may still be answered; its silence says nothing new. */
  asking: symbol | undefined;
  /** Sent by this very process: only then may the request go out a second time. */
  readonly isOurs: boolean;
  /** The request went out a second time: what is certain of the first no longer settles the matter. */
  hasSentAgain: boolean;
  /** Both by the monotonic clock, so that a wall clock that was set cannot hold a bill, or charge whoever has left. */
  readonly beganMs: number;
  unknownSinceMs: number;
  stopWaiting: () => void;
}

/**
 * What a request was for. Only of the first send can it be certain that it never left. A `confirm` asks for what the
 * server booked after it would not cancel.
 */
type Errand = 'settle' | 'resend' | 'inquire' | 'cancel' | 'confirm';

/** The server refused the request itself: it was not booked, and never will be under this id from this terminal. */
const refusals: ReadonlySet<ProblemCode> = new Set([
  'bad_request',
  'signature_missing',
  'signature_invalid',
  'clock_skew',
  'device_unknown',
  'device_revoked',
  'body_too_large',
  'unsupported_media_type',
  'token_invalid',
  'token_expired',
]);

export function openSettlements(options: {
  journal: Journal;
  attempts: AttemptRows;
  tenders: TenderRows;
  checks: CheckRows;
  bills: BillOffice;
  sales: Sales;
  people: People;
  wallet: WalletPort;
  clock: Clock;
  newId: () => string;
  log: Log;
}): Settlements {
  const { journal, attempts, tenders, checks, bills, sales, people, wallet, clock, newId, log } = options;
  const pursuits = new Map<string, Pursuit>();
  const listeners: (() => void)[] = [];
  let isClosed = false;

  const progress = (): void => {
    for (const listener of listeners) listener();
  };

  const commit = (drafts: readonly EntryDraft[], resolved?: Attempt): void => {
    journal.commit(drafts, people.signedIn()?.staffId ?? null, (writer) => {
      if (resolved) forgetToken(writer, resolved.attemptId);
    });
    if (resolved) endPursuit(resolved.attemptId);
  };

  const pursuitOf = (attemptId: string): Pursuit => pursuits.get(attemptId) ?? beginPursuit(attemptId, false);

  const beginPursuit = (attemptId: string, isOurs: boolean): Pursuit => {
    const nowMs = clock.monotonic();
    const pursuit: Pursuit = {
      questions: 0,
      lastAnswer: 'none',
      asking: undefined,
      isOurs,
      hasSentAgain: false,
      beganMs: nowMs,
      unknownSinceMs: nowMs,
      stopWaiting: () => undefined,
    };
    pursuits.set(attemptId, pursuit);
    return pursuit;
  };

  const endPursuit = (attemptId: string): void => {
    pursuits.get(attemptId)?.stopWaiting();
    pursuits.delete(attemptId);
  };

  /** Sends, and gives the answer five seconds. A later one still counts when it comes. */
  const send = (attempt: Attempt, errand: Errand, request: () => Promise<WalletReply>): void => {
    const { attemptId } = attempt;
    const asking = Symbol(errand);
    pursuitOf(attemptId).asking = asking;
    const stopTimer = clock.after(answerTimeoutMs, () => {
      receive(attemptId, errand, asking, { type: 'noAnswer', detail: 'no answer in time' });
    });
    request().then(
      (reply) => {
        stopTimer();
        receive(attemptId, errand, asking, reply);
      },
      (error: unknown) => {
        stopTimer();
        log.error({ err: error, attemptId }, 'the wallet client failed');
        receive(attemptId, errand, asking, { type: 'noAnswer', detail: 'the wallet client failed' });
      },
    );
  };

  /** Every reply comes through here. A disk that does not take the outcome leaves the attempt open: it is asked again. */
  const receive = (attemptId: string, errand: Errand, asking: symbol, reply: WalletReply): void => {
    if (isClosed) return;
    const attempt = attempts.find(attemptId);
    assert(attempt, 'a reply belongs to an attempt that is stored');
    if (!isUnresolved(attempt)) {
      endPursuit(attemptId);
      return;
    }
    const pursuit = pursuitOf(attemptId);
    const isAwaited = pursuit.asking === asking;
    if (!isAwaited && reply.type === 'noAnswer') return;
    if (isAwaited) pursuit.asking = undefined;
    try {
      if (attempt.state === 'cancelling') receiveWhileCancelling(attempt, errand, reply);
      else receiveOutcome(attempt, errand, reply);
    } catch (error) {
      log.error({ err: error, attemptId, errand }, 'the outcome of an attempt could not be stored');
    }
    if (isAwaited) pursueFurther(attemptId);
    progress();
  };

  const receiveOutcome = (attempt: Attempt, errand: Errand, reply: WalletReply): void => {
    switch (reply.type) {
      case 'settlement':
        takeWord(attempt, reply.settlement);
        return;
      case 'problem':
        receiveProblem(attempt, errand, reply.problem);
        return;
      case 'notSent':
        if (isCertain(attempt, errand)) decline(attempt, 'wallet_unreachable', reply.detail);
        else remain(attempt, 'unreachable', reply.detail);
        return;
      case 'noAnswer':
        remain(attempt, 'none', reply.detail);
        return;
    }
  };

  const receiveProblem = (attempt: Attempt, errand: Errand, problem: Problem): void => {
    if (problem.code === 'cancelled') {
      commitNotPaid(attempt, { type: 'attempt.cancelled', body: { attemptId: attempt.attemptId } });
    } else if (isCertain(attempt, errand) && refusals.has(problem.code)) {
      decline(attempt, 'request_refused', problem.detail ?? problem.title);
    } else if (errand === 'inquire' && problem.code === 'not_found') {
      remain(attempt, 'notFound', 'the wallet server does not know it');
      sendAgain(attempt);
    } else {
      remain(attempt, 'refused', problem.code);
    }
  };

  /** Nothing but the first request was ever sent, and this is what became of it. */
  const isCertain = (attempt: Attempt, errand: Errand): boolean =>
    errand === 'settle' && !pursuitOf(attempt.attemptId).hasSentAgain;

  /** While a cancel is on its way, only the server's answer to a cancel counts: the cancel undoes a late approval. */
  const receiveWhileCancelling = (attempt: Attempt, errand: Errand, reply: WalletReply): void => {
    const isBlocked = reply.type === 'problem' && reply.problem.code === 'not_refundable';
    if (reply.type === 'settlement' && reply.settlement.state === 'cancelled') {
      takeWord(attempt, reply.settlement);
    } else if (errand === 'cancel' && isBlocked) {
      // Booked, and no longer to be undone: the server's word wins, so ask for it.
      send(attempt, 'confirm', () => wallet.inquire(attempt.attemptId));
    } else if (errand === 'confirm' && reply.type === 'settlement' && reply.settlement.state === 'approved') {
      takeWord(attempt, reply.settlement);
    } else if (errand === 'confirm' && reply.type === 'settlement') {
      // Declined: there was nothing to undo.
      commitNotPaid(attempt, { type: 'attempt.cancelled', body: { attemptId: attempt.attemptId } });
    }
  };

  const takeWord = (attempt: Attempt, settlement: Settlement): void => {
    if (settlement.settlementId !== attempt.attemptId) {
      log.error({ attemptId: attempt.attemptId }, 'the wallet server answered about another settlement');
      remain(attempt, 'refused', 'an answer about another settlement');
      return;
    }
    switch (settlement.state) {
      case 'approved':
        if (equals(settlement.amount, attempt.amount)) approve(attempt, settlement);
        else remain(attempt, 'refused', 'an answer with another amount');
        return;
      case 'declined':
        decline(attempt, settlement.reason, settlement.detail);
        return;
      case 'cancelled':
        commitNotPaid(attempt, { type: 'attempt.cancelled', body: { attemptId: attempt.attemptId } });
        return;
    }
  };

  /** The tender, and with it the sale where nothing is due any more: one commit. */
  const approve = (attempt: Attempt, { reference, member }: Extract<Settlement, { state: 'approved' }>): void => {
    const { attemptId, checkId, tenderId, amount } = attempt;
    const approved: EntryDraft = { type: 'attempt.approved', checkId, body: { attemptId, reference, member } };
    const taken = tenders.of(checkId);
    if (taken.some((tender) => tender.tenderId === tenderId)) {
      commit([approved], attempt);
      return;
    }
    const tender: Tender = { type: 'wallet', tenderId, amount, attemptId, reference, member };
    const record = checks.find(checkId);
    assert(record, 'an attempt belongs to a check');
    const all = [...taken, tender];
    const closing =
      bills.due(record, all).amount === 0 ? sales.closing(record, all, sellerOf(people, record)).drafts : [];
    commit([approved, { type: 'tender.taken', checkId, body: tender }, ...closing], attempt);
  };

  const decline = (attempt: Attempt, reason: string, detail: string): void => {
    if (attempt.state === 'created') return;
    commitNotPaid(attempt, { type: 'attempt.declined', body: { attemptId: attempt.attemptId, reason, detail } });
  };

  /** The attempt took no money. The bill goes back to its lines, unless a part of it is paid by other tenders. */
  const commitNotPaid = (attempt: Attempt, ending: EntryDraft): void => {
    const { checkId, tenderId } = attempt;
    const taken = tenders.of(checkId);
    const isTakenBack = taken.some((tender) => tender.tenderId === tenderId);
    const drafts: EntryDraft[] = [{ ...ending, checkId }];
    if (isTakenBack) drafts.push({ type: 'tender.takenBack', checkId, body: { tenderId } });
    const record = checks.find(checkId);
    if (record?.state === 'paying' && taken.length === (isTakenBack ? 1 : 0)) {
      drafts.push({ type: record.isSetAside ? 'check.parked' : 'check.reopened', checkId, body: {} });
    }
    commit(drafts, attempt);
  };

  /** No outcome yet. The first time, that itself is committed: it has a name, a screen and a way out. */
  const remain = (attempt: Attempt, lastAnswer: InquiryAnswer, cause: string): void => {
    const pursuit = pursuitOf(attempt.attemptId);
    pursuit.lastAnswer = lastAnswer;
    if (attempt.state !== 'sent') return;
    pursuit.unknownSinceMs = clock.monotonic();
    commit([{ type: 'attempt.unknown', checkId: attempt.checkId, body: { attemptId: attempt.attemptId, cause } }]);
  };

  /**
   * The server never saw it: the same request once more, under the same id, while the customer still stands there.
   * Should the first one arrive late, the server answers both alike.
   */
  const sendAgain = (attempt: Attempt): void => {
    const pursuit = pursuitOf(attempt.attemptId);
    const token = attempts.tokenOf(attempt.attemptId);
    if (token === undefined || !pursuit.isOurs || clock.monotonic() - pursuit.beganMs > inquiryLimitMs) return;
    pursuit.hasSentAgain = true;
    send(attempt, 'resend', () => wallet.settle(attempt.attemptId, requestOf(attempt, token)));
  };

  /** Waits its turn and asks again, or cancels again, until there is an outcome. */
  const pursueFurther = (attemptId: string): void => {
    const attempt = attempts.find(attemptId);
    if (isClosed || !attempt || !isUnresolved(attempt)) return;
    const pursuit = pursuitOf(attemptId);
    if (pursuit.asking) return;
    pursuit.stopWaiting();
    const delayMs = inquiryDelaysMs[Math.min(pursuit.questions, inquiryDelaysMs.length - 1)] ?? answerTimeoutMs;
    pursuit.stopWaiting = clock.after(delayMs, () => {
      pursue(attemptId);
    });
  };

  const pursue = (attemptId: string): void => {
    const attempt = attempts.find(attemptId);
    if (isClosed || !attempt || !isUnresolved(attempt)) return;
    const pursuit = pursuitOf(attemptId);
    if (pursuit.asking) return;
    pursuit.stopWaiting();
    pursuit.questions += 1;
    if (attempt.state === 'cancelling') send(attempt, 'cancel', () => wallet.cancel(attemptId));
    else send(attempt, 'inquire', () => wallet.inquire(attemptId));
    progress();
  };

  return {
    begin(record, amount, token) {
      const { checkId } = record;
      const staff = people.mustBeSignedIn();
      const detail = wallet.notReady();
      if (detail !== undefined) throw new Refused({ reason: 'walletNotReady', detail });
      if (attempts.unresolvedOf(checkId)) throw new Refused({ reason: 'attemptUnresolved' });
      const due = bills.due(record, tenders.of(checkId));
      if (amount.amount <= 0 || amount.amount > due.amount) throw new Refused({ reason: 'amountOutOfRange' });

      const attemptId = attemptIdSchema.parse(newId());
      const tenderId = tenderIdSchema.parse(newId());
      const tokenHash = createHash('sha256').update(token).digest('hex');
      const body = { attemptId, tenderId, amount, capturedAt: timestamp(clock), tokenHash };
      const beginning: EntryDraft[] = record.state === 'open' ? [{ type: 'check.payingBegun', checkId, body: {} }] : [];
      journal.commit(
        [
          ...beginning,
          { type: 'attempt.created', checkId, body },
          { type: 'attempt.sent', checkId, body: { attemptId } },
        ],
        staff.staffId,
        (writer) => {
          keepToken(writer, attemptId, token);
        },
      );
      const attempt = mustFind(attempts, attemptId);
      beginPursuit(attemptId, true);
      send(attempt, 'settle', () => wallet.settle(attemptId, requestOf(attempt, token)));
      return attemptId;
    },
    askNow(checkId) {
      const attempt = attempts.unresolvedOf(checkId);
      if (!attempt) throw new Refused({ reason: 'attemptUnknown' });
      if (attempt.state !== 'sent') pursue(attempt.attemptId);
    },
    cancel(checkId) {
      const attempt = attempts.unresolvedOf(checkId);
      if (!attempt) throw new Refused({ reason: 'attemptUnknown' });
      if (attempt.state === 'cancelling') return;
      const hasWaited = clock.monotonic() - pursuitOf(attempt.attemptId).unknownSinceMs >= inquiryLimitMs;
      if (attempt.state !== 'unknown' || (!hasWaited && clock.now() < Date.parse(attempt.limitAt))) {
        throw new Refused({ reason: 'tooEarlyToCancel' });
      }
      startCancelling(attempt);
    },
    takeBack(attemptId) {
      const attempt = mustFind(attempts, attemptId);
      assert(attempt.state === 'approved', 'an approved attempt is taken back');
      startCancelling(attempt);
    },
    latestOf(checkId) {
      const attempt = attempts.latestOf(checkId);
      const pursuit = attempt && pursuits.get(attempt.attemptId);
      if (!attempt || !pursuit) return attempt;
      if (attempt.state === 'cancelling') return { ...attempt, tries: pursuit.questions };
      if (attempt.state !== 'unknown') return attempt;
      return { ...attempt, questions: pursuit.questions, lastAnswer: pursuit.lastAnswer };
    },
    resume() {
      for (const { attemptId } of attempts.outbox()) {
        const attempt = mustFind(attempts, attemptId);
        try {
          if (attempt.state === 'created') {
            commitNotPaid(attempt, { type: 'attempt.cancelled', body: { attemptId } });
          }
          if (attempt.state === 'sent') remain(attempt, 'none', 'the terminal stopped before an answer came');
        } catch (error) {
          log.error({ err: error, attemptId }, 'an attempt that a stop left open could not be stored anew');
        }
        if (attempt.state !== 'created') pursue(attemptId);
      }
    },
    onProgress(listener) {
      listeners.push(listener);
    },
    close() {
      isClosed = true;
      for (const { stopWaiting } of pursuits.values()) stopWaiting();
    },
  };

  function startCancelling({ attemptId, checkId }: { attemptId: AttemptId; checkId: CheckId }): void {
    commit([{ type: 'attempt.cancelling', checkId, body: { attemptId } }]);
    const pursuit = pursuitOf(attemptId);
    pursuit.questions = 0;
    pursuit.asking = undefined;
    pursue(attemptId);
  }
}

/** The very same request each time it is sent: only the proof's age may change the answer. */
function requestOf(attempt: Attempt, token: string): Parameters<WalletPort['settle']>[1] {
  const { checkId, amount, createdAt } = attempt;
  return { checkId, amount, token, capturedAt: createdAt, mode: 'online' };
}

/** Who sold it: the person signed in; whoever opened the bill where it was set aside, or where nobody is signed in. */
export function sellerOf(people: People, record: CheckRecord): { staffId: CheckRecord['openedBy']; name: string } {
  const opener = people.roster().find(({ staffId }) => staffId === record.openedBy);
  const staff = record.isSetAside ? opener : (people.signedIn() ?? opener);
  return staff ?? { staffId: record.openedBy, name: record.openedBy };
}

function mustFind(attempts: AttemptRows, attemptId: string): Attempt {
  const attempt = attempts.find(attemptId);
  assert(attempt, `attempt ${attemptId} is stored`);
  return attempt;
}
