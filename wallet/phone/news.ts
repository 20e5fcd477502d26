import type { HistoryEntry, WalletEvent } from '#contract/wallet.ts';

/** What has just happened to the wallet. */
export type News =
  | { readonly type: 'entry'; readonly newsId: string; readonly entry: HistoryEntry }
  | { readonly type: 'declined' | 'treated'; readonly newsId: string };

/** The latest news, for a moment: a second one takes its place. */
export interface NewsDesk {
  current(): News | undefined;
  /** An event that leaves no entry in the history is news by itself. */
  hear(event: WalletEvent): void;
  /** The newest entries, before and after the history was read again. `nowMs` by the server's clock. */
  compare(before: readonly HistoryEntry[] | undefined, after: readonly HistoryEntry[], nowMs: number): void;
  dismiss(): void;
}

export interface NewsOptions {
  /** A reload that was asked for here tells of itself. */
  readonly isTold: (entryId: string) => boolean;
  readonly onNews: (news: News) => void;
  readonly onChange: () => void;
  readonly page: Window;
}

const SHOWN_MS = 6_000;
/** What is older when it is first seen is no news. */
const MAX_AGE_MS = 2 * 60_000;

export function openNews({ isTold, onNews, onChange, page }: NewsOptions): NewsDesk {
  let current: News | undefined;
  let timer = 0;

  function announce(next: News): void {
    current = next;
    page.clearTimeout(timer);
    timer = page.setTimeout(dismiss, SHOWN_MS);
    onNews(next);
    onChange();
  }

  function dismiss(): void {
    page.clearTimeout(timer);
    if (current === undefined) return;
    current = undefined;
    onChange();
  }

  return {
    current: () => current,
    hear: ({ type, eventId }) => {
      if (type === 'declined' || type === 'treated') announce({ type, newsId: eventId });
    },
    compare: (before, [latest], nowMs) => {
      if (before === undefined || latest === undefined || isTold(latest.entryId)) return;
      if (before.some(({ entryId }) => entryId === latest.entryId)) return;
      if (nowMs - Date.parse(latest.at) > MAX_AGE_MS) return;
      announce({ type: 'entry', newsId: latest.entryId, entry: latest });
    },
    dismiss,
  };
}
