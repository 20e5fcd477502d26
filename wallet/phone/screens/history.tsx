import { type JSX, useState } from 'react';
import type { HistoryEntry } from '#contract/wallet.ts';
import { useText, useWallet } from '../context.tsx';
import { HistoryRow } from '../parts/history-row.tsx';
import { ListState } from '../parts/list-state.tsx';
import { MoreRows } from '../parts/more-rows.tsx';
import { Screen } from '../parts/screen.tsx';

const DAY_MS = 86_400_000;

/** One list over all methods, reloads, refunds, repayments and shares, by day. */
export function History(): JSX.Element {
  const { t, format } = useText();
  const { state } = useWallet();
  const { history } = state.lists;
  const rows = history.value?.rows ?? [];
  const [nowMs] = useState(() => Date.now());

  function dayWords(at: Date): string {
    const day = format.day(at);
    if (day === format.day(new Date(nowMs))) return t.history.today;
    return day === format.day(new Date(nowMs - DAY_MS)) ? t.history.yesterday : day;
  }

  return (
    <Screen title={t.history.title} parent="">
      <ListState list={history} isEmpty={rows.length === 0} empty={t.history.empty} />
      {daysOf(rows, dayWords).map(([day, entries]) => (
        // By the date and not by the newest entry: one more of today leaves the others where they are.
        <section key={new Date(entries[0]?.at ?? 0).toDateString()} aria-label={day}>
          <h2>{day}</h2>
          <ul className="rows card">
            {entries.map((entry) => (
              <HistoryRow key={entry.entryId} entry={entry} />
            ))}
          </ul>
        </section>
      ))}
      <MoreRows name="history" nextCursor={history.value?.nextCursor} />
    </Screen>
  );
}

/** Neighbours of the same day together, in the order that they came. */
function daysOf(rows: readonly HistoryEntry[], name: (at: Date) => string): readonly [string, HistoryEntry[]][] {
  const days: [string, HistoryEntry[]][] = [];
  for (const row of rows) {
    const day = name(new Date(row.at));
    const last = days.at(-1);
    if (last !== undefined && last[0] === day) last[1].push(row);
    else days.push([day, [row]]);
  }
  return days;
}
