import { useMemo } from 'react';
import type { Check } from '#contract/check.ts';
import type { LineId, ProductId } from '#contract/ids.ts';
import { type LineItem, quantityMax } from '#contract/order.ts';
import { type Act, type Till, useAct, useTill } from '../../till.tsx';
import type { View } from '../../view.ts';

/** What a person can do to the bill in front, by touch and by key alike. Each is one command to the terminal. */
export interface CartVerbs {
  addProduct(productId: ProductId): Promise<void>;
  setQuantity(lineId: LineId, quantity: number): Promise<unknown>;
  voidLine(lineId: LineId): Promise<unknown>;
  undo(): Promise<unknown>;
  payCash(): Promise<unknown>;
  payWallet(): Promise<unknown>;
  openPark(): void;
  select(lineId: LineId): void;
  editSelected(): void;
  voidSelected(): void;
  step(by: 1 | -1): void;
  move(by: 1 | -1): void;
  typeDigit(digit: string): void;
  dropDigit(): void;
  clearTyping(): void;
  applyTyped(): void;
}

export function useCart(): CartVerbs {
  const till = useTill();
  const act = useAct();
  return useMemo(() => cartVerbs(till, act), [till, act]);
}

/** The line that keys and stepper act on: the chosen one, else the one that came last. */
export function selectedLine(check: Check | null, selectedLineId: LineId | undefined): LineItem | undefined {
  const live = check?.lines.filter((line) => !line.isVoided) ?? [];
  return live.find(({ lineId }) => lineId === selectedLineId) ?? live.at(-1);
}

/** Nothing to pay for: no line, or only struck ones. */
export function isEmpty(check: Check | null): boolean {
  return !check?.lines.some((line) => !line.isVoided);
}

/** The next line up or down from the chosen one, stopping at the ends. */
export function neighbour(check: Check | null, selectedLineId: LineId | undefined, by: 1 | -1): LineId | undefined {
  const live = check?.lines.filter((line) => !line.isVoided) ?? [];
  const at = live.findIndex(({ lineId }) => lineId === selectedLine(check, selectedLineId)?.lineId);
  return (live[at + by] ?? live[at])?.lineId;
}

function cartVerbs({ live, view }: Till, act: Act): CartVerbs {
  const checkNow = (): Check | null => live.getState().terminal?.check ?? null;
  const selected = (): LineItem | undefined => selectedLine(checkNow(), view.getState().selectedLineId);
  const close = (change: Partial<View>): void => view.setState(change);

  const verbs: CartVerbs = {
    async addProduct(productId) {
      const check = checkNow();
      const added = await act(async (terminal) =>
        terminal.check.addProduct({ productId, ...(check ? { checkId: check.checkId } : {}) }),
      );
      if (added) view.setState({ selectedLineId: added.lineId, typedQuantity: '' });
    },
    setQuantity: (lineId, quantity) =>
      onCheck((checkId) => (terminal) => terminal.check.setQuantity({ checkId, lineId, quantity })),
    voidLine: (lineId) => onCheck((checkId) => (terminal) => terminal.check.voidLine({ checkId, lineId })),
    undo: () => onCheck((checkId) => (terminal) => terminal.check.undo({ checkId })),
    async payCash() {
      if (isEmpty(checkNow())) return;
      close({ tender: 'cash', screen: 'sell', sheet: undefined });
      await onCheck((checkId) => (terminal) => terminal.pay.begin({ checkId }));
    },
    async payWallet() {
      if (isEmpty(checkNow())) return;
      close({ tender: 'wallet', screen: 'sell', sheet: undefined });
      await onCheck((checkId) => (terminal) => terminal.pay.awaitWallet({ checkId }));
    },
    openPark() {
      const check = checkNow();
      if (check?.state === 'open' && !isEmpty(check)) view.setState({ sheet: { type: 'park' } });
    },
    select: (lineId) => view.setState({ selectedLineId: lineId }),
    editSelected() {
      const line = selected();
      if (line) view.setState({ sheet: { type: 'line', lineId: line.lineId } });
    },
    voidSelected() {
      const line = selected();
      if (line) void verbs.voidLine(line.lineId);
    },
    step(by) {
      const line = selected();
      const quantity = (line?.quantity ?? 0) + by;
      if (line && quantity >= 1 && quantity <= quantityMax) void verbs.setQuantity(line.lineId, quantity);
    },
    move(by) {
      const lineId = neighbour(checkNow(), view.getState().selectedLineId, by);
      if (lineId) view.setState({ selectedLineId: lineId });
    },
    typeDigit: (digit) =>
      view.setState(({ typedQuantity }) => ({
        typedQuantity: `${typedQuantity}${digit}`.replace(/^0+/, '').slice(0, 4),
      })),
    dropDigit: () => view.setState(({ typedQuantity }) => ({ typedQuantity: typedQuantity.slice(0, -1) })),
    clearTyping: () =>
      view.setState({ typedQuantity: '', searchText: '', paid: undefined, shelf: { type: 'quickKeys' } }),
    applyTyped() {
      const line = selected();
      const quantity = Number(view.getState().typedQuantity);
      view.setState({ typedQuantity: '' });
      if (line && quantity >= 1) void verbs.setQuantity(line.lineId, quantity);
    },
  };
  return verbs;

  /** The check as it is when the command goes out: the terminal refuses one that is behind. */
  async function onCheck<T>(
    command: (checkId: Check['checkId']) => Parameters<typeof act<T>>[0],
  ): Promise<T | undefined> {
    const check = checkNow();
    return check ? act(command(check.checkId)) : undefined;
  }
}
