import type { JSX } from 'react';
import type { PersonBalance } from '#contract/group.ts';
import { useList, useText } from '../context.tsx';
import { GroupTabs } from '../parts/group-tabs.tsx';
import { ListState } from '../parts/list-state.tsx';
import { Screen } from '../parts/screen.tsx';

/** What this customer and each other person have between them, net. */
export function People(): JSX.Element {
  const { t } = useText();
  const people = useList('people');
  return (
    <Screen title={t.people.title} parent="">
      <GroupTabs current="people" />
      <ListState list={people} isEmpty={people.value?.length === 0} empty={t.people.empty} />
      {people.value?.map((person) => (
        <Person key={`${person.personRef} ${person.currency}`} person={person} />
      ))}
    </Screen>
  );
}

function Person({ person }: { person: PersonBalance }): JSX.Element {
  const { t, format } = useText();
  const { name, currency, paidForThem, paidByThem, treatedThem, treatedByThem, net } = person;
  const money = (amount: number): string => format.money({ amount, currency });
  return (
    <section className="card person" aria-label={name} data-net={net > 0 ? 'in' : net < 0 ? 'out' : 'even'}>
      <div className="person-head">
        <span className="badge" aria-hidden="true">
          {[...name][0]}
        </span>
        <span className="what">
          {name}
          <small>{net > 0 ? t.people.owesYou(name) : net < 0 ? t.people.youOwe(name) : t.people.even}</small>
        </span>
        <strong className="money" data-sign={net > 0 ? 'in' : 'none'}>
          {money(Math.abs(net))}
        </strong>
      </div>
      <dl className="sums">
        <div>
          <dt>{t.people.paidFor}</dt>
          <dd>
            {money(paidForThem)}
            {treatedThem > 0 && <small>{t.people.treatedThem(money(treatedThem))}</small>}
          </dd>
        </div>
        <div>
          <dt>{t.people.paidBy}</dt>
          <dd>
            {money(paidByThem)}
            {treatedByThem > 0 && <small>{t.people.treatedThem(money(treatedByThem))}</small>}
          </dd>
        </div>
        <div>
          <dt>{t.people.net}</dt>
          <dd>{format.signed({ amount: net, currency })}</dd>
        </div>
      </dl>
    </section>
  );
}
