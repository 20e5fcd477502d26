import type { JSX } from 'react';
import { useHost, useList, useText, useWallet } from '../context.tsx';
import { Icon, type IconName, Mark } from '../parts/icon.tsx';
import { SettlementArea } from '../parts/settlement-area.tsx';
import { GroupRow } from '../parts/group-row.tsx';
import { HistoryRow } from '../parts/history-row.tsx';
import { ListState } from '../parts/list-state.tsx';
import { MoneyCard } from '../parts/money-card.tsx';
import { ReloadProgressList } from '../parts/reload-progress.tsx';

/** What home shows of a list before it leads to the whole. */
const FEW = 3;

export function Home(): JSX.Element {
  const { router } = useHost();
  const { t } = useText();
  const { state } = useWallet();
  const groups = useList('groups');
  const checks = useList('checks');
  const { history } = state.lists;
  const open = groups.value?.rows.filter(isOpen).slice(0, FEW) ?? [];

  return (
    <>
      <header className="bar">
        <Mark />
        <h1 className="brand">{t.app}</h1>
        <a className="bar-button" href="#/settings" aria-label={t.actions.settings}>
          <Icon name="settings" size={24} />
        </a>
      </header>
      <main className="stack home">
        <div className="home-pay stack">
          <MoneyCard />
          <SettlementArea onStart={() => router.go('pay')} />
          <nav className="actions" aria-label={t.home}>
            <Action to="reload" icon="plus" name={t.actions.reload} />
            <Action to="table" icon="scan" name={t.actions.scan} />
            <Action to="history" icon="history" name={t.actions.history} />
            <Action to="people" icon="people" name={t.actions.people} />
          </nav>
        </div>
        <div className="home-news stack">
          <ReloadProgressList onlyOpen />
          {checks.value?.checks.map((check) => (
            <a key={check.checkInId ?? check.checkId} className="card row-link" href="#/table">
              <Icon name="shop" />
              <span className="what">
                {check.store} · {check.label}
                <small>{t.table.now}</small>
              </span>
              <Icon name="forward" size={18} />
            </a>
          ))}
          {checks.value?.notices.map(({ noticeId, store, title, body }) => (
            <section key={noticeId} className="card notice">
              <h2>{title}</h2>
              <p>{body}</p>
              <p className="hint">{store}</p>
            </section>
          ))}
          {open.length > 0 && (
            <section aria-labelledby="between">
              <SectionHead id="between" title={t.groups.between} to="groups" all={t.seeAll} />
              <ul className="rows card">
                {open.map((group) => (
                  <GroupRow key={group.groupPaymentId} group={group} />
                ))}
              </ul>
            </section>
          )}
          <section aria-labelledby="latest">
            <SectionHead id="latest" title={t.history.latest} to="history" all={t.seeAll} />
            <ListState list={history} isEmpty={history.value?.rows.length === 0} empty={t.history.empty} />
            {history.value !== undefined && history.value.rows.length > 0 && (
              <ul className="rows card">
                {history.value.rows.slice(0, FEW).map((entry) => (
                  <HistoryRow key={entry.entryId} entry={entry} hasDate />
                ))}
              </ul>
            )}
          </section>
        </div>
      </main>
    </>
  );
}

function Action({ to, icon, name }: { to: string; icon: IconName; name: string }): JSX.Element {
  return (
    <a href={`#/${to}`}>
      <Icon name={icon} size={24} />
      {name}
    </a>
  );
}

function SectionHead(props: { id: string; title: string; to: string; all: string }): JSX.Element {
  const { id, title, to, all } = props;
  return (
    <div className="section-head">
      <h2 id={id}>{title}</h2>
      <a className="quiet" href={`#/${to}`} aria-describedby={id}>
        {all}
      </a>
    </div>
  );
}

function isOpen({
  allotments,
}: {
  readonly allotments: readonly { readonly open: { readonly amount: number } }[];
}): boolean {
  return allotments.some(({ open }) => open.amount > 0);
}
