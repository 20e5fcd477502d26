import type { AttemptId, StoreId, TerminalId } from '#contract/ids.ts';
import type { Settlement } from '#contract/settlement.ts';
import type { RouteInput } from '#contract/wallet.ts';
import type { DenyList } from './deny-list.ts';
import { bookGroup } from './group.ts';
import type { ServerKeys } from './keys.ts';
import type { GroupBooking, Outcome, Settle } from './ledger/ledger.ts';
import { spendingLimitsOf } from './limits-data.ts';
import type { People } from './people.ts';
import { Refusal } from './problem.ts';
import type { LinkedPayments } from './reload/linked.ts';
import type { StoreTerms } from './store-terms.ts';
import type { Judged, Tokens } from './token.ts';

/** What happens to a request for money before the ledger is asked, and after it has said. */
export interface Settling {
  /** What to ask the ledger for. A refusal where it need not be asked. */
  prepare(terminal: Terminal, settlementId: AttemptId, body: Body, nowMs: number): Promise<Settle | Refusal>;
  /** A code that two terminals took without the network is a double spend: no terminal shall take another one. */
  conclude(command: Settle, outcome: Outcome): Promise<Settlement | Refusal>;
}

interface Terminal {
  readonly storeId: StoreId;
  readonly terminalId: TerminalId;
}
type Body = RouteInput<'putSettlement'>;

export interface SettlingOptions {
  readonly tokens: Tokens;
  readonly people: People;
  readonly stores: StoreTerms;
  readonly denyList: DenyList;
  readonly linked: LinkedPayments;
  readonly keys: ServerKeys;
  readonly newId: () => string;
  /** What the ledger refused, as the wire says it. */
  readonly refusalOf: (outcome: Outcome) => Refusal;
}

/** Of a code that is nobody's: it is declined before a limit matters. */
const NO_LIMITS = { perPayment: 0, perDay: 0, perMonth: 0, day: 0, month: 0 };

export function openSettling(options: SettlingOptions): Settling {
  const { tokens, people, stores, denyList, linked, keys, newId, refusalOf } = options;

  async function groupOf(
    { storeId }: Terminal,
    settlementId: AttemptId,
    { amount, group }: Body,
    payer: Judged,
    nowMs: number,
  ): Promise<GroupBooking | undefined | Refusal> {
    if (group === undefined) return undefined;
    const guests = await people.identify(storeId, group.guests, nowMs);
    if (guests instanceof Refusal) return new Refusal('group_invalid', guests.detail);
    // A code that is no longer good still says whose it is: the same request again must come out as the same group.
    const walletId = payer.isGood ? payer.walletId : await people.walletOfAlias(payer.alias);
    const name = walletId === undefined ? undefined : (await people.namesOf([walletId])).get(walletId);
    const order = { storeId, amount, group, guests, payer: walletId === undefined ? undefined : { walletId, name } };
    return bookGroup(keys, order, settlementId, newId);
  }

  return {
    async prepare(terminal, settlementId, body, nowMs) {
      const { checkId, amount, mode, token } = body;
      if (amount.amount <= 0) return new Refusal('bad_request', 'amount: a settlement is above zero');
      const capturedAtMs = Math.min(Date.parse(body.capturedAt), nowMs);
      // A code that was read without the network is judged by when it was read, whatever became of the phone since.
      const payer = await tokens.judge(token, terminal.storeId, mode === 'offline' ? capturedAtMs : nowMs);
      const group = await groupOf(terminal, settlementId, body, payer, nowMs);
      if (group instanceof Refusal) return group;
      const limits = payer.isGood ? spendingLimitsOf(payer.limits, nowMs) : NO_LIMITS;
      if (payer.isGood && mode === 'online') await linked.cover({ ...payer, settlementId, amount, limits });
      return {
        type: 'settle',
        settlementId,
        ...terminal,
        checkId,
        amount,
        payer,
        mode,
        fee: await stores.feeOf(terminal.storeId, amount, nowMs),
        limits,
        ...(group === undefined ? {} : { group }),
        capturedAtMs,
        atMs: nowMs,
      };
    },

    async conclude({ payer, mode, atMs }, outcome) {
      if (outcome.type !== 'settlement') return refusalOf(outcome);
      const { settlement } = outcome;
      if (mode === 'offline' && settlement.state === 'declined' && settlement.reason === 'token_replayed') {
        await denyList.add(payer.alias, 'token_replayed', atMs);
      }
      return settlement;
    },
  };
}
