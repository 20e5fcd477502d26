import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId, type Caller } from '#test/wallet/server/caller.ts';
import {
  type Group,
  line,
  type Meal,
  newCheckId,
  openMeal,
  type Phone,
  sharesOf,
  yen,
} from '#test/wallet/server/meal.ts';

let meal: Meal;

beforeAll(async () => {
  meal = await openMeal();
});

beforeEach(async () => {
  meal = await meal.others();
});

afterAll(() => meal.close());

describe('a check', () => {
  test('row 38: three codes that are read are three members, each once', async () => {
    const guests = [
      { guestId: 'A', token: await meal.a.show() },
      { guestId: 'B', token: await meal.b.show() },
      { guestId: 'C', memberRef: meal.refs.C },
    ];
    const view = await announce(guests);
    expect(view.members).toEqual([
      { guestId: 'A', memberRef: meal.refs.A, maskedName: 'Aoi •••', source: 'terminal', isProposed: false },
      { guestId: 'B', memberRef: meal.refs.B, maskedName: 'Ben •••', source: 'terminal', isProposed: false },
      { guestId: 'C', memberRef: meal.refs.C, maskedName: 'Chie •••', source: 'terminal', isProposed: false },
    ]);
    const twice = [...guests, { guestId: 'D', token: await meal.a.show() }];
    const answer = await meal.terminal.call('putMembers', { checkId: meal.checkId }, { label: 'T', guests: twice });
    expect(answer).toMatchObject({ problem: { code: 'group_invalid', detail: 'guests A and D are the same member' } });
  });

  test('row 39: the server holds who they are, with store, terminal, check and time', async () => {
    await announce();
    const row = await meal.wallet.books.db
      .selectFrom('check_state')
      .selectAll()
      .where('id', '=', meal.checkId)
      .executeTakeFirstOrThrow();
    expect({ ...row, members: JSON.parse(row.members) as unknown }).toMatchObject({
      store_id: await meal.wallet.storeIdOf('Kissa Warikan'),
      terminal_id: meal.terminal.keyId,
      state: 'open',
      announced_at_ms: meal.wallet.clock.nowMs(),
      members: [
        { guestId: 'A', walletId: meal.a.walletId },
        { guestId: 'B', walletId: meal.b.walletId },
        { guestId: 'C', walletId: meal.c.walletId },
      ],
    });
  });

  test('row 41: whoever was taken off it is not on it, sees it no more, and is in no group record', async () => {
    await announce();
    const view = await announce(meal.group().guests.slice(0, 2));
    const { guests } = meal.group();
    const paid = await meal.payGroup(1_000, { guests: guests.slice(0, 2) });
    expect([
      view.members.map(({ guestId }) => guestId),
      (await meal.c.get('listWalletChecks', {})).checks,
      sharesOf(paid),
      (await meal.c.get('listGroupPayments', {})).groupPayments,
    ]).toEqual([['A', 'B'], [], { A: 500, B: 500 }, []]);
  });

  test('row 42: a member’s phone shows the item, its quantity and its price before anybody pays', async () => {
    await announce();
    const beer = { ...line('beer', 1_400, 'B'), quantity: 2_000, unitPrice: 700 };
    await consume([beer, line('snacks', 600)]);
    const [check] = (await meal.b.get('listWalletChecks', {})).checks;
    expect(check).toEqual({
      checkId: meal.checkId,
      store: 'Kissa Warikan',
      label: 'Table 5',
      people: 3,
      share: yen(1_600),
      items: [
        { name: 'beer', quantity: 2_000, amount: 1_400, sharedBy: 1 },
        { name: 'snacks', quantity: 1_000, amount: 200, sharedBy: 3 },
      ],
    });
  });

  test('row 43: an item of two is divided between the two', async () => {
    const lines = [line('wine', 3_000, 'B', 'C')];
    expect(await preview(3_000, { lines })).toEqual({ A: 0, B: 1_500, C: 1_500 });
  });

  test('row 44: an item of nobody is shared by all', async () => {
    const lines = [line('bread', 300), line('steak', 2_000, 'B')];
    expect(await preview(2_300, { lines })).toEqual({ A: 100, B: 2_100, C: 100 });
  });

  test('a preview has the figures of the booking, and books nothing', async () => {
    const change = {
      lines: [line('a', 777, 'A'), line('b', 1_001, 'B', 'C'), line('all', 500)],
      adjustments: [{ kind: 'tax' as const, amount: 228 }],
      guests: [...meal.group().guests, { guestId: 'W' }],
    };
    const shown = await meal.terminal.get(
      'previewSplit',
      { checkId: meal.checkId },
      { amount: yen(2_506), group: meal.group(change) },
    );
    expect(await meal.balances()).toEqual({ A: 10_000, B: 10_000, C: 10_000 });
    const { group } = await meal.payGroup(2_506, change);
    expect(shown).toEqual({
      ...group,
      groupReference: '',
      shares: group?.shares.map(({ allotmentId: _, ...share }) => share),
    });
  });

  test('a preview of a code that is none says so', async () => {
    const guests = [{ guestId: 'A' }, { guestId: 'B', token: 'WRK1:NONSENSE' }];
    const body = { amount: yen(100), group: meal.group({ guests }) };
    expect(await meal.terminal.call('previewSplit', { checkId: meal.checkId }, body)).toMatchObject({
      problem: { code: 'token_invalid', detail: 'guest B: the code is not valid' },
    });
  });

  test('that is closed is on no phone any more', async () => {
    await announce();
    const before = (await meal.a.get('listWalletChecks', {})).checks.length;
    await announce([], { state: 'closed' });
    expect([before, (await meal.a.get('listWalletChecks', {})).checks]).toEqual([1, []]);
  });

  test('of another store is not there', async () => {
    await announce();
    const next = await meal.wallet.terminalOf('Next door');
    const params = { checkId: meal.checkId };
    expect([
      await next.codeOf('getCheck', params),
      await next.codeOf('putMembers', params, { label: 'T', guests: [] }),
      await next.codeOf('putConsumption', params, { currency: 'JPY', lines: [] }),
      await meal.terminal.codeOf('putConsumption', { checkId: newCheckId() }, { currency: 'JPY', lines: [] }),
    ]).toEqual(['not_found', 'not_found', 'not_found', 'not_found']);
  });

  test.each([
    ['line tea: consumer X is not on the check', [line('tea', 100, 'X')]],
    ['line tea: is named twice', [line('tea', 100), line('tea', 200)]],
    ['line tea: consumer A is named twice', [line('tea', 100, 'A', 'A')]],
  ])('takes no consumption that does not fit: %s', async (detail, lines) => {
    await announce();
    const body = { currency: 'JPY', lines };
    expect(await meal.terminal.call('putConsumption', { checkId: meal.checkId }, body)).toMatchObject({
      problem: { code: 'group_invalid', detail },
    });
  });
});

describe('a table', () => {
  let tableId: string;
  let code: string;

  beforeEach(async () => {
    tableId = newId();
    code = await tableCode(tableId);
  });

  test('has a code that nobody guesses, and keeps it', async () => {
    const other = await tableCode(newId());
    expect([code, other]).toEqual([
      expect.stringMatching(/^WRT1:[0-9A-Z]{24}$/),
      expect.stringMatching(/^WRT1:[0-9A-Z]{24}$/),
    ]);
    expect([await tableCode(tableId), code === other]).toEqual([code, false]);
    const next = await meal.wallet.terminalOf('Next door');
    expect([
      await next.codeOf('putTable', { tableId }, { name: 'Mine' }),
      await meal.a.codeOf('checkIn', {}, { tableCode: code.replace(/.$/, '-') }),
    ]).toEqual(['not_found', 'not_found']);
  });

  test('row 40: a phone that reads the code is on the terminal’s check without the clerk', async () => {
    await announce(meal.group().guests.slice(0, 1), { tableId });
    const visit = await meal.b.get('checkIn', {}, { tableCode: code });
    expect(visit).toEqual({
      checkInId: expect.any(String) as string,
      storeId: await meal.wallet.storeIdOf('Kissa Warikan'),
      store: 'Kissa Warikan',
      table: 'Table 5',
      checkId: meal.checkId,
      settlementMethods: ['shown_code', 'contactless', 'store_code', 'linked'],
    });
    const { members } = await meal.terminal.get('getCheck', { checkId: meal.checkId });
    expect(members.slice(1)).toEqual([
      { guestId: visit.checkInId, memberRef: meal.refs.B, maskedName: 'Ben •••', source: 'phone', isProposed: true },
    ]);
    // The terminal takes him up, as whom it likes.
    const taken = await announce(meal.group().guests.slice(0, 2), { tableId });
    expect(taken.members.map(({ guestId, source, isProposed }) => [guestId, source, isProposed])).toEqual([
      ['A', 'terminal', false],
      ['B', 'phone', false],
    ]);
    expect(await meal.b.get('checkIn', {}, { tableCode: code })).toEqual(visit);
  });

  test('row 40: a check that is opened later finds whoever waits at its table', async () => {
    const visit = await meal.b.get('checkIn', {}, { tableCode: code });
    const waiting = await meal.b.get('listWalletChecks', {});
    const view = await announce([], { tableId });
    const [check] = (await meal.b.get('listWalletChecks', {})).checks;
    expect([visit.checkId, waiting.checks, view.members, check]).toMatchObject([
      undefined,
      [{ checkInId: visit.checkInId, label: 'Table 5', people: 1, items: [] }],
      [{ guestId: visit.checkInId, memberRef: meal.refs.B, isProposed: true }],
      { checkId: meal.checkId, checkInId: visit.checkInId, people: 1 },
    ]);
  });

  test('row 41: a member who leaves by phone, or whom the clerk takes off, is not proposed again', async () => {
    await announce([], { tableId });
    await meal.a.get('checkIn', {}, { tableCode: code });
    const { checkInId } = await meal.b.get('checkIn', {}, { tableCode: code });
    await meal.c.get('checkIn', {}, { tableCode: code });
    await meal.b.get('leaveCheckIn', { checkInId });
    await meal.b.get('leaveCheckIn', { checkInId });
    await announce([{ guestId: 'C', memberRef: meal.refs.C }], { tableId });
    const view = await announce([], { tableId });
    expect([
      view.members.map(({ memberRef, isProposed }) => [memberRef, isProposed]),
      (await meal.c.get('listWalletChecks', {})).checks,
      await meal.c.codeOf('leaveCheckIn', { checkInId }),
    ]).toEqual([[[meal.refs.A, true]], [], 'not_found']);
  });

  test('row 69: of two phones at one table the one that does not pay is proposed as a member', async () => {
    await announce([], { tableId });
    await meal.a.get('checkIn', {}, { tableCode: code });
    await meal.b.get('checkIn', {}, { tableCode: code });
    // A shows the code that pays; the check says who else is there.
    const view = await announce([{ guestId: 'A', memberRef: meal.refs.A }], { tableId });
    const proposed = view.members.filter(({ isProposed }) => isProposed);
    expect(proposed).toMatchObject([{ memberRef: meal.refs.B, source: 'phone' }]);
    const guests = view.members.map(({ guestId, memberRef }) => ({ guestId, ...(memberRef && { memberRef }) }));
    expect(Object.values(sharesOf(await meal.payGroup(2_000, { guests })))).toEqual([1_000, 1_000]);
  });

  test('is left by whoever reads the code of another one, and after half a day', async () => {
    const other = await tableCode(newId());
    await announce([], { tableId });
    await meal.a.get('checkIn', {}, { tableCode: code });
    await meal.b.get('checkIn', {}, { tableCode: code });
    await meal.a.get('checkIn', {}, { tableCode: other });
    const moved = await meal.terminal.get('getCheck', { checkId: meal.checkId });
    meal.wallet.clock.move(12 * 3_600_000);
    const late = await meal.terminal.get('getCheck', { checkId: meal.checkId });
    expect([moved.members.map(({ memberRef }) => memberRef), late.members]).toEqual([[meal.refs.B], []]);
    expect((await meal.b.get('listWalletChecks', {})).checks).toEqual([]);
  });

  test('of a check that was closed lets its guests go', async () => {
    await announce([], { tableId });
    await meal.a.get('checkIn', {}, { tableCode: code });
    await announce([], { tableId, state: 'closed' });
    const checkId = newCheckId();
    const next = await meal.terminal.get('putMembers', { checkId }, { label: 'Table 5', guests: [], tableId });
    expect([next.members, (await meal.a.get('listWalletChecks', {})).checks]).toEqual([[], []]);
    await meal.terminal.get('putMembers', { checkId }, { label: 'Table 5', guests: [], tableId, state: 'closed' });
  });
});

describe('row 68: a store’s notice', () => {
  let counter: Caller;
  let people: Meal;

  beforeEach(async () => {
    counter = await meal.wallet.terminalOf(`Store ${newId()}`);
    people = meal;
  });

  test('is chosen for a group that came before, by what they had', async () => {
    await eat([people.a, people.b], ['Beer', 'Beer', 'Edamame', 'Coffee']);
    const beer = await publish('New craft beers', ['BEER', 'sake']);
    meal.wallet.clock.move(1);
    await publish('Coffee hour', ['coffee', 'cake']);
    meal.wallet.clock.move(1);
    await publish('Nothing for them', ['oyster']);
    const notices = await sit([people.a, people.b]);
    expect(notices).toEqual([
      { noticeId: beer, store: expect.any(String) as string, title: 'New craft beers', body: 'Come in' },
    ]);
  });

  test('is not for people who were never there together, nor for one alone, nor when it is over', async () => {
    await eat([people.a, people.b], ['Beer']);
    await publish('New craft beers', ['beer']);
    const strangers = await sit([people.a, people.c]);
    const alone = await sit([people.a]);
    const shown = await sit([people.b, people.a]);
    meal.wallet.clock.move(2 * 24 * 3_600_000);
    const over = await sit([people.a, people.b]);
    expect([strangers, alone, shown.length, over]).toEqual([[], [], 1, []]);
  });

  test('is changed by its own store only', async () => {
    const noticeId = await publish('Beer', ['beer']);
    const until = new Date(meal.wallet.clock.nowMs() + 1).toISOString();
    const body = { title: 'Wine', body: 'Come in', keywords: ['wine'], until };
    expect([
      await meal.terminal.codeOf('putNotice', { noticeId }, body),
      await counter.codeOf('putNotice', { noticeId }, body),
    ]).toEqual(['duplicate_mismatch', 'ok']);
  });

  async function publish(title: string, keywords: string[]): Promise<string> {
    const noticeId = newId();
    const until = new Date(meal.wallet.clock.nowMs() + 24 * 3_600_000).toISOString();
    await counter.get('putNotice', { noticeId }, { title, body: 'Come in', keywords, until });
    return noticeId;
  }

  async function guestsOf(phones: readonly Phone[]) {
    const codes = await Promise.all(phones.map((phone) => phone.show()));
    return codes.map((token, index) => ({ guestId: `G${index}`, token }));
  }

  async function eat(phones: readonly Phone[], dishes: readonly string[]): Promise<void> {
    const [payer] = phones;
    if (payer === undefined) throw new Error('somebody eats');
    const lines = dishes.map((name, index) => ({ lineId: `L${index}`, name, amount: 100 }));
    const group = { guests: await guestsOf(phones), lines, payer: 'G0' };
    const body = await people.bodyOf(payer, 100 * dishes.length, { group });
    await counter.get('putSettlement', { settlementId: newId() as never }, body);
  }

  /** What the first one's phone is told when they sit down together. */
  async function sit(phones: readonly Phone[]) {
    const checkId = newCheckId();
    await counter.get('putMembers', { checkId }, { label: 'Table', guests: await guestsOf(phones) });
    const [first] = phones;
    const notices = (await first?.get('listWalletChecks', {}))?.notices ?? [];
    await counter.get('putMembers', { checkId }, { label: 'Table', guests: [], state: 'closed' });
    return notices;
  }
});

async function announce(
  guests = meal.group().guests,
  change: { readonly tableId?: string; readonly state?: 'open' | 'closed' } = {},
) {
  return meal.terminal.get('putMembers', { checkId: meal.checkId }, { label: 'Table 5', guests, ...change });
}

async function consume(lines: Group['lines']) {
  return meal.terminal.get('putConsumption', { checkId: meal.checkId }, { currency: 'JPY', lines });
}

async function preview(amount: number, change: Parameters<Meal['group']>[0]): Promise<Record<string, number>> {
  const body = { amount: yen(amount), group: meal.group(change) };
  const { shares } = await meal.terminal.get('previewSplit', { checkId: meal.checkId }, body);
  return Object.fromEntries(shares.map(({ guestId, share }) => [guestId, share]));
}

async function tableCode(tableId: string): Promise<string> {
  return (await meal.terminal.get('putTable', { tableId }, { name: 'Table 5' })).tableCode;
}
