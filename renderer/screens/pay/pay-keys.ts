import { useMemo } from 'react';
import { isUnresolved } from '#contract/attempt.ts';
import type { Check } from '#contract/check.ts';
import { type Money, compare } from '#contract/money.ts';
import { type KeypadKey, amountOf, press } from '../../keyed-amount.ts';
import type { KeyPlace } from '../../shortcuts.ts';
import { type Act, type Till, useAct, useCheck, useTill, useView } from '../../till.tsx';
import { notify } from '../../view.ts';
import { isPayShown, stageOf } from './stage.ts';

/** What a person can do while the bill is being paid, by touch and by key alike. */
export interface PayVerbs {
  stage(): KeyPlace['stage'];
  hasTyped(): boolean;
  amountKey(key: KeypadKey): void;
  /** Cash received, or the part that the wallet is asked for, as keyed in. */
  takeAmount(): Promise<unknown>;
  takeCash(tendered: Money): Promise<unknown>;
  chooseCash(): Promise<unknown>;
  chooseWallet(): Promise<unknown>;
  awaitWallet(amount?: Money): Promise<unknown>;
  back(): Promise<unknown>;
  /** Says why nothing can be paid now. */
  explain(): void;
}

export function useIsPayShown(): boolean {
  const readAttemptId = useView((view) => view.readAttemptId);
  return isPayShown(useCheck(), readAttemptId);
}

export function usePayKeys(): PayVerbs {
  const till = useTill();
  const act = useAct();
  return useMemo(() => payVerbs(till, act), [till, act]);
}

function payVerbs({ live, view }: Till, act: Act): PayVerbs {
  const checkNow = (): Check | null => live.getState().terminal?.check ?? null;
  const isBlocked = (check: Check): boolean => check.attempt !== undefined && isUnresolved(check.attempt);
  const isWaiting = (check: Check): boolean => {
    const terminal = live.getState().terminal;
    return terminal !== null && stageOf(check, terminal.prompt).type === 'waiting';
  };

  const verbs: PayVerbs = {
    stage() {
      const check = checkNow();
      return check && !isBlocked(check) && !isWaiting(check) ? 'keyingAmount' : 'other';
    },
    hasTyped: () => view.getState().keyedDigits !== '',
    amountKey: (key) => view.setState(({ keyedDigits }) => ({ keyedDigits: press(keyedDigits, key) })),
    async takeAmount() {
      const check = checkNow();
      const { keyedDigits, tender } = view.getState();
      if (!check || keyedDigits === '') return;
      const amount = amountOf(keyedDigits, check.due.currency);
      if (tender === 'cash') return verbs.takeCash(amount);
      return verbs.awaitWallet(compare(amount, check.due) < 0 ? amount : undefined);
    },
    async takeCash(tendered) {
      const check = checkNow();
      if (!check) return;
      if (isBlocked(check)) return verbs.explain();
      const { checkId } = check;
      const taken = await act(async (terminal) => terminal.pay.takeCash({ checkId, tendered }));
      if (taken) view.setState({ keyedDigits: '' });
    },
    async chooseCash() {
      const check = checkNow();
      if (!check) return;
      if (isBlocked(check)) return verbs.explain();
      view.setState({ tender: 'cash', screen: 'sell', keyedDigits: '' });
      const { checkId } = check;
      if (isWaiting(check)) await act(async (terminal) => terminal.pay.stopWaiting({ checkId }));
    },
    async chooseWallet() {
      const check = checkNow();
      if (!check) return;
      if (isBlocked(check)) return verbs.explain();
      view.setState({ tender: 'wallet', screen: 'sell', keyedDigits: '' });
      if (!isWaiting(check)) await verbs.awaitWallet();
    },
    async awaitWallet(amount) {
      const check = checkNow();
      if (!check) return;
      const { checkId } = check;
      const armed = await act(async (terminal) => terminal.pay.awaitWallet({ checkId, ...(amount ? { amount } : {}) }));
      if (armed) view.setState({ keyedDigits: '', tender: 'wallet' });
    },
    async back() {
      const check = checkNow();
      if (!check) return;
      if (view.getState().keyedDigits !== '') return view.setState({ keyedDigits: '' });
      const { checkId } = check;
      view.setState({ readAttemptId: check.attempt?.attemptId });
      if (check.state === 'open') return;
      await act(async (terminal) => {
        if (isWaiting(check)) await terminal.pay.stopWaiting({ checkId });
        return terminal.pay.leave({ checkId });
      });
    },
    explain: () => view.setState((seen) => notify(seen, { type: 'refusal', refusal: { reason: 'attemptUnresolved' } })),
  };
  return verbs;
}
