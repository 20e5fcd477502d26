import { attemptIdSchema } from '#contract/ids.ts';
import type { Settlement, SettlementRequest } from '#contract/settlement.ts';
import type { ProblemCode } from '#contract/wallet.ts';
import type { Clock } from '#main/terminal/clock.ts';
import type { WalletPort, WalletReply } from '#main/terminal/paying/wallet-port.ts';
import type { Random } from './random.ts';
import { member, problem } from './scripted-wallet.ts';
import { type TillClock, tillOpensMs } from './till-clock.ts';

/** What the wallet server has in its books of one id. */
interface Booked {
  settlement: Settlement;
  readonly request: SettlementRequest | undefined;
  /** Given back in part meanwhile: it can no longer be cancelled. */
  readonly isBlocked: boolean;
}

/** A wallet server's rules on a map, behind a network that loses, delays, doubles and reorders. */
export interface ModelWallet {
  readonly books: ReadonlyMap<string, Booked>;
  /** Requests and answers that are on their way still. */
  readonly inTheAir: number;
  /** A port for one life of the terminal: what is answered after its end is heard by nobody. */
  port(life: Clock): WalletPort;
  setUp(isUp: boolean): void;
  /** From now on nothing is lost, and everything is quick. */
  mend(): void;
}

/** The client gives up after this. */
const giveUpMs = 30_000;

export function openModelWallet(random: Random, clock: TillClock): ModelWallet {
  const books = new Map<string, Booked>();
  const usedTokens = new Map<string, string>();
  let isUp = true;
  let isFaulty = true;
  let inTheAir = 0;

  const at = (): string => new Date(tillOpensMs + clock.monotonic()).toISOString();

  const settle = (attemptId: string, request: SettlementRequest): WalletReply => {
    const known = books.get(attemptId);
    if (known?.settlement.state === 'cancelled') return problem('cancelled');
    if (known) {
      return JSON.stringify(known.request) === JSON.stringify(request)
        ? { type: 'settlement', settlement: known.settlement }
        : problem('duplicate_mismatch');
    }
    const common = {
      settlementId: attemptIdSchema.parse(attemptId),
      checkId: request.checkId,
      amount: request.amount,
      bookedAt: at(),
    };
    const user = usedTokens.get(request.token);
    const settlement: Settlement =
      user !== undefined
        ? { ...common, state: 'declined', reason: 'token_replayed', detail: 'used before' }
        : random.percent(15)
          ? { ...common, state: 'declined', reason: 'insufficient_funds', detail: 'too little' }
          : { ...common, state: 'approved', reference: 'REF-1', member, refunded: { amount: 0, currency: 'JPY' } };
    if (settlement.state === 'approved') usedTokens.set(request.token, attemptId);
    books.set(attemptId, { settlement, request, isBlocked: random.percent(3) });
    return { type: 'settlement', settlement };
  };

  const inquire = (attemptId: string): WalletReply => {
    const known = books.get(attemptId);
    return known ? { type: 'settlement', settlement: known.settlement } : problem('not_found');
  };

  const cancel = (attemptId: string): WalletReply => {
    const known = books.get(attemptId);
    if (known?.settlement.state === 'approved' && known.isBlocked) return problem('not_refundable');
    if (known?.settlement.state !== 'cancelled') {
      const wasBooked = known?.settlement.state === 'approved';
      const settlementId = attemptIdSchema.parse(attemptId);
      const settlement: Settlement = { state: 'cancelled', settlementId, cancelledAt: at(), wasBooked };
      books.set(attemptId, { settlement, request: known?.request, isBlocked: false });
    }
    return inquire(attemptId);
  };

  /** Some days are slow from morning to night. */
  const isSlow = random.percent(50);
  const delayMs = (): number => {
    if (!isFaulty || random.percent(isSlow ? 30 : 70)) return random.between(1, 200);
    return random.percent(isSlow ? 90 : 80) ? random.between(200, 12_000) : random.between(12_000, 90_000);
  };

  const later = (run: () => void): void => {
    inTheAir += 1;
    clock.after(delayMs(), () => {
      inTheAir -= 1;
      run();
    });
  };

  /** One request on its way there, and its answer on the way back. */
  const carry = (life: Clock, handle: () => WalletReply): Promise<WalletReply> =>
    new Promise((resolve) => {
      const answer = (reply: WalletReply): void => {
        life.after(0, () => {
          resolve(reply);
        });
      };
      const arrive = (): void => {
        if (!isUp) return;
        const fault = isFaulty ? random.between(1, 100) : 100;
        if (fault <= 4) return later(() => answer(problem(random.pick(asked) ?? 'internal')));
        const reply = handle();
        if (fault <= 16) return;
        later(() => answer(fault <= 20 ? problem('internal') : reply));
      };

      life.after(giveUpMs, () => answer({ type: 'noAnswer', detail: 'AbortError' }));
      if (!isUp) {
        if (random.percent(60)) later(() => answer({ type: 'notSent', detail: 'ECONNREFUSED' }));
        return;
      }
      const fault = isFaulty ? random.between(1, 100) : 100;
      if (fault <= 5) return later(() => answer({ type: 'notSent', detail: 'ENETUNREACH' }));
      if (fault <= 7) return later(() => answer(problem('clock_skew')));
      if (fault <= 9) return later(() => answer({ type: 'noAnswer', detail: 'ECONNRESET' }));
      if (fault <= 20) return;
      later(arrive);
      if (fault <= 30) later(arrive);
    });

  return {
    books,
    get inTheAir() {
      return inTheAir;
    },
    port: (life) => ({
      settle: (attemptId, request) => carry(life, () => settle(attemptId, request)),
      inquire: (attemptId) => carry(life, () => inquire(attemptId)),
      cancel: (attemptId) => carry(life, () => cancel(attemptId)),
      notReady: () => undefined,
      onLink: (listener) => {
        listener({ state: 'online', since: at() });
      },
      close: () => undefined,
    }),
    setUp(next) {
      isUp = next;
    },
    mend() {
      isUp = true;
      isFaulty = false;
    },
  };
}

/** Problems that say nothing about what was booked. */
const asked: readonly ProblemCode[] = ['internal', 'overloaded', 'too_many_requests', 'request_replayed'];
