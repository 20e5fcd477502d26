import { createStore } from 'zustand/vanilla';
import type { AttemptId, CheckId, LineId, SaleId } from '#contract/ids.ts';
import type { SaleSummary } from '#contract/sale.ts';
import type { Refusal, ScanOutcome, TerminalEvent, TerminalState } from '#contract/terminal.ts';

/** What only this page knows: where the person is looking. Losing it loses no work. */
export interface View {
  readonly screen: 'sell' | 'sales';
  readonly shelf: Shelf;
  readonly searchText: string;
  /** Absent: the line that came last. */
  readonly selectedLineId: LineId | undefined;
  readonly sheet: Sheet | undefined;
  /** Oldest first, at most `noticesMax`. */
  readonly notices: readonly Notice[];
  /** The sale that was closed before this page's eyes, until the next bill or a touch. */
  readonly paid: SaleSummary | undefined;
  readonly tender: 'cash' | 'wallet';
  /** The failed try whose news was read: the pay screen does not come up for it again. */
  readonly readAttemptId: AttemptId | undefined;
  /** Bills that were set aside and have not come to the front since. */
  readonly asideIds: readonly CheckId[];
  readonly isDemoOpen: boolean;
  /** Digits typed before `*`. */
  readonly typedQuantity: string;
  /** Digits keyed in on the pay screen: cash received, or a part by wallet. */
  readonly keyedDigits: string;
  /** Rises when the keyboard asks for the search field. */
  readonly searchCalls: number;
  /** The latest scan, for the announcement. */
  readonly lastScan: ScanOutcome | undefined;
}

type Shelf =
  | { readonly type: 'quickKeys' }
  | { readonly type: 'category'; readonly categoryId: string }
  | { readonly type: 'keypad' };

type Sheet =
  | { readonly type: 'line'; readonly lineId: LineId }
  | { readonly type: 'discount' | 'note' | 'park' | 'parked' | 'unresolved' | 'void' | 'help' | 'settings' | 'devices' }
  | { readonly type: 'receipt'; readonly saleId: SaleId };

export type Notice = { readonly noticeId: number } & NoticeContent;
type NoticeContent =
  | { readonly type: 'scan'; readonly outcome: ScanOutcome }
  | { readonly type: 'refusal'; readonly refusal: Refusal }
  | { readonly type: 'resolved'; readonly checkId: CheckId; readonly attemptId: AttemptId; readonly state: string }
  /** A command that could not go out: the line is down. */
  | { readonly type: 'notSent' }
  /** A command went out and its answer was lost with the line. */
  | { readonly type: 'noAnswer' }
  /** A command failed in a way that only a bug explains. */
  | { readonly type: 'failed' };

const noticesMax = 3;
/** More bills than this do not wait for an answer at one till. */
const asideMax = 200;

export function openView() {
  return createStore<View>(() => ({
    screen: 'sell',
    shelf: { type: 'quickKeys' },
    searchText: '',
    selectedLineId: undefined,
    sheet: undefined,
    notices: [],
    paid: undefined,
    tender: 'cash',
    readAttemptId: undefined,
    asideIds: [],
    isDemoOpen: false,
    typedQuantity: '',
    keyedDigits: '',
    searchCalls: 0,
    lastScan: undefined,
  }));
}
export type ViewStore = ReturnType<typeof openView>;

export function notify(view: View, content: NoticeContent): Partial<View> {
  const noticeId = (view.notices.at(-1)?.noticeId ?? 0) + 1;
  const others = view.notices.filter((notice) => !saysTheSame(notice, content));
  return { notices: [...others, { noticeId, ...content }].slice(-noticesMax) };
}

export function dismiss(view: View, noticeId: number): Partial<View> {
  return { notices: view.notices.filter((notice) => notice.noticeId !== noticeId) };
}

/** How an event moves the eye. Nothing here moves the focus: a person may be typing. */
export function look(view: View, event: TerminalEvent, terminal: TerminalState | null): Partial<View> {
  switch (event.type) {
    case 'scanned':
      return { lastScan: event.outcome, ...lookAtScan(view, event.outcome) };
    case 'saleClosed':
      // A bill that had been set aside closes behind the one in front: no change is handed out for it.
      return view.asideIds.includes(event.checkId)
        ? {}
        : { paid: event.sale, sheet: undefined, typedQuantity: '', keyedDigits: '', notices: [] };
    case 'attemptResolved':
      return view.asideIds.includes(event.checkId)
        ? notify(view, {
            type: 'resolved',
            checkId: event.checkId,
            attemptId: event.attemptId,
            state: event.state,
          })
        : {};
    case 'snapshot':
    case 'changed':
      return {
        asideIds: asideAfter(view, terminal),
        notices: noticesAfter(view, terminal),
        ...(terminal?.check && view.paid ? { paid: undefined } : {}),
      };
    case 'catalogueChanged':
      return {};
  }
}

function lookAtScan(view: View, outcome: ScanOutcome): Partial<View> {
  const { result } = outcome;
  switch (result.type) {
    case 'added':
      return {
        selectedLineId: result.lineId,
        typedQuantity: '',
        paid: undefined,
        // Where the bill is in full view the line itself is the notice.
        ...(view.screen === 'sell' && !view.sheet ? {} : notify(view, { type: 'scan', outcome })),
      };
    case 'walletTaken':
      return { notices: view.notices.filter(({ type }) => type !== 'scan') };
    case 'unknownBarcode':
    case 'walletNotArmed':
    case 'walletCodeUnreadable':
    case 'refused':
    case 'fault':
      return notify(view, { type: 'scan', outcome });
  }
}

/** "Press Wallet first" is done with once somebody has. */
function noticesAfter({ notices }: View, terminal: TerminalState | null): readonly Notice[] {
  if (terminal?.prompt.purpose !== 'wallet') return notices;
  const rest = notices.filter((notice) => notice.type !== 'scan' || notice.outcome.result.type !== 'walletNotArmed');
  return rest.length === notices.length ? notices : rest;
}

function asideAfter(view: View, terminal: TerminalState | null): readonly CheckId[] {
  const frontId = terminal?.check?.checkId;
  const now = terminal?.unresolved.map(({ checkId }) => checkId) ?? [];
  const known = new Set([...view.asideIds, ...now].filter((checkId) => checkId !== frontId));
  return known.size === view.asideIds.length ? view.asideIds : [...known].slice(-asideMax);
}

/** A second unknown barcode is news; the same one again only moves to the end. */
function saysTheSame(notice: Notice, content: NoticeContent): boolean {
  if (notice.type !== content.type) return false;
  if (notice.type !== 'scan' || content.type !== 'scan') return true;
  const [shown, next] = [notice.outcome.result, content.outcome.result];
  if (shown.type === 'unknownBarcode' && next.type === 'unknownBarcode') return shown.text === next.text;
  return shown.type === next.type;
}
