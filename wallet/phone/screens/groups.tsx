import type { JSX } from 'react';
import { useList, useText } from '../context.tsx';
import { GroupRow } from '../parts/group-row.tsx';
import { GroupTabs } from '../parts/group-tabs.tsx';
import { ListState } from '../parts/list-state.tsx';
import { MoreRows } from '../parts/more-rows.tsx';
import { Screen } from '../parts/screen.tsx';

/** Every shared bill that concerns this customer, latest first. */
export function Groups(): JSX.Element {
  const { t } = useText();
  const groups = useList('groups');
  const rows = groups.value?.rows ?? [];
  return (
    <Screen title={t.people.title} parent="">
      <GroupTabs current="bills" />
      <ListState list={groups} isEmpty={rows.length === 0} empty={t.groups.empty} />
      {rows.length > 0 && (
        <ul className="rows card">
          {rows.map((group) => (
            <GroupRow key={group.groupPaymentId} group={group} />
          ))}
        </ul>
      )}
      <MoreRows name="groups" nextCursor={groups.value?.nextCursor} />
    </Screen>
  );
}
