import { type JSX, useState } from 'react';
import type { RouteResponse } from '#contract/wallet.ts';
import { useList, useText, useWallet } from '../context.tsx';
import { ItemList } from '../parts/item-list.tsx';
import { ListState } from '../parts/list-state.tsx';
import { problemWords } from '../parts/problem.ts';
import { Screen } from '../parts/screen.tsx';
import { SureButton } from '../parts/sure-button.tsx';
import { Accepts, TableScan } from './table-scan.tsx';

type Joined = RouteResponse<'checkIn'>;
type Check = RouteResponse<'listWalletChecks'>['checks'][number];

/** The table that this customer is at, live; or the camera, to join one. */
export function Table(): JSX.Element {
  const { t } = useText();
  const checks = useList('checks');
  const [joined, setJoined] = useState<Joined>();
  const [isScanning, setIsScanning] = useState(false);
  const [said, setSaid] = useState('');
  const there = checks.value?.checks ?? [];

  function join(next: Joined): void {
    setJoined(next);
    setIsScanning(false);
    setSaid('');
  }

  return (
    <Screen title={t.scan.title} parent="">
      <p role="status" className={said === '' ? 'visually-hidden' : 'said'}>
        {said}
      </p>
      {checks.value === undefined && <ListState list={checks} isEmpty={false} empty="" />}
      {!isScanning &&
        there.map((check) => (
          <TableCard
            key={check.checkInId ?? check.checkId}
            check={check}
            joined={joined?.checkInId === check.checkInId ? joined : undefined}
            onSaid={setSaid}
          />
        ))}
      {checks.value !== undefined && (there.length === 0 || isScanning) && <TableScan onJoined={join} />}
      {there.length > 0 && !isScanning && (
        <button type="button" className="secondary" onClick={() => setIsScanning(true)}>
          {t.scan.again}
        </button>
      )}
    </Screen>
  );
}

function TableCard(props: { check: Check; joined: Joined | undefined; onSaid: (words: string) => void }): JSX.Element {
  const { check, joined, onSaid } = props;
  const { t, format } = useText();
  const { wallet } = useWallet();
  const { checkInId, checkId, store, label, people, share, items } = check;

  async function leave(id: string): Promise<void> {
    const answer = await wallet.act('leaveCheckIn', { checkInId: id });
    if (answer === undefined) return onSaid(t.noAnswer);
    onSaid(answer.ok ? t.table.left : problemWords(t, answer.problem.code));
  }

  return (
    <section className="card table" aria-label={`${store} · ${label}`} aria-live="polite">
      <h2>{label}</h2>
      <p className="hint">
        {store} · {t.table.people(people)}
      </p>
      {checkId === undefined ? (
        <p>{t.table.waiting}</p>
      ) : (
        <>
          <h3>{t.table.items}</h3>
          {items.length === 0 || share === undefined ? (
            <p className="hint">{t.table.noItems}</p>
          ) : (
            <ItemList items={items} currency={share.currency} />
          )}
          {share !== undefined && (
            <p className="total">
              <span>{t.table.share}</span>
              <strong>{format.money(share)}</strong>
            </p>
          )}
        </>
      )}
      {joined !== undefined && <Accepts methods={joined.settlementMethods} />}
      {checkInId !== undefined && (
        <SureButton className="quiet" sure={t.table.leaveSure} onSure={() => void leave(checkInId)}>
          {t.table.leave}
        </SureButton>
      )}
    </section>
  );
}
