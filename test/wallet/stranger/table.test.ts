// Rows 38 to 44, 68 and 69 of the checklist, as far as the wire shows them: as a stranger sees it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, type Json, listAt, textAt } from './json.ts';
import { guestsOf, line, openFriends, owes, payGroup } from './groups.ts';
import { done, money, newId, openTown, type Person, type Terminal, type Town, wordOf } from './town.ts';

const HOUR_MS = 3_600_000;

let town: Town;
let till: Terminal;
let storeId: string;

beforeAll(async () => {
  town = await openTown({ operators: ['Kaze'] });
  ({ till, storeId } = await town.openShop('Kissa Warikan'));
});

afterAll(() => town.close());

test('row 38: three codes make three members, each once, and the same person twice is told (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 0);
  const checkId = newId();
  const put = async (people: readonly Person[]) =>
    till.ask('putMembers', { params: { checkId }, body: { label: 'Table 5', guests: await guestsOf(people) } });
  const view = await done(put([a, b, c]));
  const again = await done(put([a, b, c]));
  expect({
    members: listAt(view, 'members').map((member) => [at(member, 'maskedName'), at(member, 'source')]),
    refs: new Set(listAt(view, 'members').map((member) => textAt(member, 'memberRef'))).size,
    again,
    twice: await wordOf(put([a, b, a])),
  }).toEqual({
    members: [
      ['Aoi •••', 'terminal'],
      ['Ben •••', 'terminal'],
      ['Chie •••', 'terminal'],
    ],
    refs: 3,
    again: view,
    twice: 'group_invalid',
  });
});

test('rows 39 and 41: the server holds who is on the check of which store, and whoever left is gone (as a stranger sees it)', async () => {
  const people = await openFriends(town, 0);
  const elsewhere = await town.openShop('Bar Mori');
  const [checkId, guests] = [newId(), await guestsOf(people)];
  const put = (who: Json) =>
    done(till.ask('putMembers', { params: { checkId }, body: { label: 'Table 5', guests: who } }));
  await put(guests);
  const held = await done(till.ask('getCheck', { params: { checkId } }));
  await put(guests.slice(0, 2));
  const left = await done(till.ask('getCheck', { params: { checkId } }));
  expect({
    held,
    left: listAt(left, 'members').map((member) => at(member, 'guestId')),
    elsewhere: await wordOf(elsewhere.till.ask('getCheck', { params: { checkId } })),
    unknown: await wordOf(till.ask('getCheck', { params: { checkId: newId() } })),
  }).toMatchObject({
    held: { checkId, storeId: storeId, label: 'Table 5', state: 'open', members: [{}, {}, {}] },
    left: ['g0', 'g1'],
    elsewhere: 'not_found',
    unknown: 'not_found',
  });
});

test('rows 40 and 69: two phones that read one table’s code appear on its check by themselves, and leave again (as a stranger sees it)', async () => {
  const [a, b] = await openFriends(town, 0);
  const [tableId, checkId] = [newId(), newId()];
  const { tableCode } = (await done(till.ask('putTable', { params: { tableId }, body: { name: 'Table 7' } }))) as {
    tableCode: string;
  };
  const early = await done(a.ask('checkIn', { body: { tableCode } }));
  const opened = await done(
    till.ask('putMembers', { params: { checkId }, body: { label: 'Table 7', tableId, guests: [] } }),
  );
  const events = await town.client.listen('checkEvents', { by: till.session, params: { checkId } });
  const late = await done(b.ask('checkIn', { body: { tableCode } }));
  const joined = await events.next('checked_in');
  const both = await done(till.ask('getCheck', { params: { checkId } }));
  await done(b.ask('leaveCheckIn', { params: { checkInId: textAt(late, 'checkInId') } }));
  await events.next('left');
  await events.close();
  const seen = (view: Json) =>
    listAt(view, 'members').map((one) => [at(one, 'maskedName'), at(one, 'source'), at(one, 'isProposed')]);
  expect({
    early: [at(early, 'table'), at(early, 'store'), at(early, 'checkId')],
    opened: seen(opened),
    late: at(late, 'checkId'),
    joined: at(joined.data, 'checkId'),
    both: seen(both),
    after: seen(await done(till.ask('getCheck', { params: { checkId } }))),
    wrongCode: await wordOf(a.ask('checkIn', { body: { tableCode: 'WRT1:000000000000000000000000' } })),
    notMine: await wordOf(a.ask('leaveCheckIn', { params: { checkInId: textAt(late, 'checkInId') } })),
  }).toEqual({
    early: ['Table 7', 'Kissa Warikan', undefined],
    opened: [['Aoi •••', 'phone', true]],
    late: checkId,
    joined: checkId,
    both: [
      ['Aoi •••', 'phone', true],
      ['Ben •••', 'phone', true],
    ],
    after: [['Aoi •••', 'phone', true]],
    wrongCode: 'not_found',
    notMine: 'not_found',
  });
});

test('rows 42, 43 and 44: each phone shows its own items, halves and shares of what nobody was named for (as a stranger sees it)', async () => {
  const [a, b, c] = await openFriends(town, 0);
  const checkId = newId();
  const guests = await guestsOf([a, b, c]);
  await done(till.ask('putMembers', { params: { checkId }, body: { label: 'Table 5', guests } }));
  const lines = [
    line('soup', 500, ['g0'], { quantity: 2_000, unitPrice: 250 }),
    line('pot', 1_000, ['g0', 'g1']),
    line('rice', 900),
  ];
  const put = (change: readonly Json[]) =>
    till.ask('putConsumption', { params: { checkId }, body: { currency: 'JPY', lines: [...change] } });
  await done(put(lines));
  const seen = async (person: Person) => at(await done(person.ask('listWalletChecks')), 'checks.0');
  expect({
    a: await seen(a),
    b: await seen(b),
    c: await seen(c),
    unknownGuest: await wordOf(put([line('tea', 100, ['g9'])])),
    owed: await owes(a),
  }).toMatchObject({
    a: {
      checkId,
      store: 'Kissa Warikan',
      label: 'Table 5',
      people: 3,
      share: money(500 + 500 + 300),
      items: [
        { name: 'soup', quantity: 2_000, amount: 500, sharedBy: 1 },
        { name: 'pot', amount: 500, sharedBy: 2 },
        { name: 'rice', amount: 300, sharedBy: 3 },
      ],
    },
    b: { share: money(800), items: [{ name: 'pot' }, { name: 'rice' }] },
    c: { share: money(300), items: [{ name: 'rice', sharedBy: 3 }] },
    unknownGuest: 'group_invalid',
    owed: [],
  });
});

test('row 68: a group that came before is shown the notice that fits what it had (as a stranger sees it)', async () => {
  const bar = await town.openShop('Bar Mori');
  const [a, b] = await openFriends(town, 5_000);
  const publish = (noticeId: string, title: string, keywords: string[], by = bar.till) =>
    wordOf(
      by.ask('putNotice', {
        params: { noticeId },
        body: { title, body: `${title}!`, keywords, until: new Date(Date.now() + HOUR_MS).toISOString() },
      }),
    );
  const noticeId = newId();
  const published = [await publish(noticeId, 'Crab week', ['crab']), await publish(newId(), 'New cakes', ['cake'])];
  const sit = async () => {
    const checkId = newId();
    const guests = await guestsOf([a, b]);
    await done(bar.till.ask('putMembers', { params: { checkId }, body: { label: 'Table 1', guests } }));
    const told = listAt(await done(a.ask('listWalletChecks')), 'notices').map((notice) => at(notice, 'title'));
    await payGroup(bar.till, a, [a, b], [line('Snow crab', 2_000)], { checkId });
    await done(
      bar.till.ask('putMembers', { params: { checkId }, body: { label: 'Table 1', guests, state: 'closed' } }),
    );
    return told;
  };
  expect({
    published,
    first: await sit(),
    second: await sit(),
    stolen: await publish(noticeId, 'Mine', ['crab'], till),
  }).toEqual({ published: ['ok', 'ok'], first: [], second: ['Crab week'], stolen: 'duplicate_mismatch' });
});

test('after all that no money has come from nowhere, and the document told no lie (as a stranger sees it)', async () => {
  expect({ books: await town.checkBooks(), lies: town.client.lies() }).toEqual({
    books: { code: 0, sum: 0, faults: [] },
    lies: [],
  });
});
