import QRCode from 'qrcode';
import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkIdSchema } from '#contract/ids.ts';
import { newId, type TestPhone } from '#test/wallet/server/caller.ts';
import { groupOf, keyPin, openPhoneWorld, type PhoneWorld, STORE, wordsOf } from './open-phone.ts';

const BUILD_MS = 120_000;

let world: PhoneWorld;

beforeAll(async () => {
  world = await openPhoneWorld();
}, BUILD_MS);
afterEach(() => world.closePages());
afterAll(() => world.close());

describe('a shared bill', () => {
  test('row 55: shows on the phone of whoever was paid for within a second: who, where, when, what, how much', async () => {
    const { haru, mei, ren } = await friends();
    const { page } = await world.phoneOf(mei);
    const group = await groupOf({ a: haru, b: mei, c: ren }, 'a', MEAL);
    const token = await haru.show();
    const paidAtMs = Date.now();
    await world.charge(token, 3_000, group);
    const row = page.locator('[data-group]').filter({ hasText: 'Haru ••• paid for you' });
    await row.waitFor({ timeout: 1_000 });
    const tookMs = Date.now() - paidAtMs;
    expect(await wordsOf(row)).toMatch(
      /^Haru ••• paid for you Kissa Warikan \d+ \w{3,4},? (at )?\d\d:\d\d ¥1,500 Open$/,
    );
    await row.getByRole('link').click();
    await page.getByRole('heading', { name: 'Haru ••• paid for you' }).waitFor();
    const said = await wordsOf(page.locator('main'));
    expect({
      isSoon: tookMs < 1_000,
      total: said.includes('Whole bill ¥3,000'),
      item: said.includes('Curry ¥1,500'),
      share: said.includes('Your share ¥1,500'),
      others: said.includes('Tea'),
    }).toEqual({ isSoon: true, total: true, item: true, share: true, others: false });
  });

  test('row 56: that the payer treats is shown as treated and owes nothing; the others still owe', async () => {
    const { haru, mei, ren } = await friends();
    const groupPaymentId = await dine({ haru, mei, ren });
    const payer = await world.phoneOf(haru);
    const guest = await world.phoneOf(mei);
    await openBill(guest.page, groupPaymentId);
    await openBill(payer.page, groupPaymentId);
    await payer.page.getByRole('button', { name: 'Treat Mei •••' }).click();
    await payer.page.getByRole('button', { name: 'Tap again to treat' }).click();
    await guest.page.getByText('Haru ••• treated you.').waitFor();
    expect({
      owed: await guest.page.locator('.owed').textContent(),
      payBack: await guest.page.getByRole('button', { name: /^Pay back/ }).count(),
      others: await payer.page.locator('[data-allotment]').allInnerTexts(),
    }).toEqual({
      owed: '¥0',
      payBack: 0,
      others: expect.arrayContaining([
        expect.stringMatching(/Mei[\s\S]*Treat$/),
        expect.stringMatching(/Ren[\s\S]*Open/),
      ]) as unknown,
    });
  });

  test('row 56: is treated for everybody at once', async () => {
    const { haru, mei, ren } = await friends();
    const groupPaymentId = await dine({ haru, mei, ren });
    const { page } = await world.phoneOf(haru);
    await openBill(page, groupPaymentId);
    await page.getByRole('button', { name: 'Treat everybody' }).click();
    await page.getByRole('button', { name: 'Tap again to treat' }).click();
    await page.getByText('Nothing is open.').waitFor();
    const people = (await mei.get('listBalances', {})).people;
    expect(people).toMatchObject([{ iOwe: 0, treatedByThem: 1_500, net: 0 }]);
  });

  test('row 57: is paid back with the PIN; both phones see it, and both histories', async () => {
    const { haru, mei, ren } = await friends();
    const groupPaymentId = await dine({ haru, mei, ren });
    const payer = await world.phoneOf(haru);
    const { page } = await world.phoneOf(mei);
    await openBill(page, groupPaymentId);
    await page.getByRole('button', { name: 'Pay back ¥1,500' }).click();
    await keyPin(page);
    await page.getByText('¥1,500 paid back.').waitFor();
    await payer.page.getByText('¥1,500 received').waitFor();
    const entries = await Promise.all([haru, mei].map(async (phone) => (await phone.get('listHistory', {})).entries));
    expect({
      status: await page.locator('.bill .chip').first().textContent(),
      balances: [(await haru.get('getWallet', {})).balance.amount, (await mei.get('getWallet', {})).balance.amount],
      histories: entries.map((list) => list.find(({ kind }) => kind === 'repayment')?.amount),
    }).toEqual({ status: 'Settled', balances: [8_500, 8_500], histories: [1_500, -1_500] });
  });

  test('row 58: with too little in the wallet stays owed; a part that is paid leaves the rest open', async () => {
    const { haru, mei, ren } = await friends(1_000);
    const groupPaymentId = await dine({ haru, mei, ren });
    const { page } = await world.phoneOf(mei);
    await openBill(page, groupPaymentId);
    await page.getByRole('button', { name: 'Pay back ¥1,500' }).click();
    await keyPin(page);
    await page.getByRole('alert').getByText('There is too little in the wallet.').waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    expect(await page.locator('.owed').textContent()).toBe('¥1,500');
    await page.getByLabel('Amount').fill('400');
    await page.getByRole('button', { name: 'Pay back ¥400' }).click();
    await keyPin(page);
    await page.getByText('¥400 paid back.', { exact: true }).waitFor();
    expect({
      owed: await page.locator('.owed').textContent(),
      balance: (await mei.get('getWallet', {})).balance.amount,
    }).toEqual({ owed: '¥1,100', balance: 600 });
  });

  test('a repayment whose answer was lost is said to be unknown, and asked again under the same id', async () => {
    const { haru, mei, ren } = await friends();
    const groupPaymentId = await dine({ haru, mei, ren });
    const { page } = await world.phoneOf(mei);
    await openBill(page, groupPaymentId);
    const ids: string[] = [];
    page.on('request', (request) => {
      const [, id] = /\/repayments\/(.+)$/.exec(request.url()) ?? [];
      if (id !== undefined) ids.push(id);
    });
    await page.route('**/repayments/*', (route) => route.abort('connectionreset'));
    await page.getByRole('button', { name: 'Pay back ¥1,500' }).click();
    await keyPin(page);
    await page.getByText('It is not known whether ¥1,500 arrived.').waitFor();
    await page.reload();
    await page.getByText('It is not known whether ¥1,500 arrived.').waitFor();
    await page.unroute('**/repayments/*');
    await page.getByRole('button', { name: 'Ask again' }).click();
    await keyPin(page);
    await page.getByText('¥1,500 paid back.').waitFor();
    const { entries } = await mei.get('listHistory', {});
    const booked = entries.filter(({ kind }) => kind === 'repayment').map(({ entryId }) => entryId);
    expect({ sent: ids.length, booked }).toEqual({ sent: 2, booked: [ids[0]] });
  });

  test('a repayment that arrived though its answer was lost is found in the history after a reload', async () => {
    const { haru, mei, ren } = await friends();
    const groupPaymentId = await dine({ haru, mei, ren });
    const { page } = await world.phoneOf(mei);
    await openBill(page, groupPaymentId);
    await page.route('**/repayments/*', async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await page.getByRole('button', { name: 'Pay back ¥1,500' }).click();
    await keyPin(page);
    await page.getByText('It is not known whether ¥1,500 arrived.').waitFor();
    await page.reload();
    await page.getByText('It is not known whether ¥1,500 arrived.').waitFor({ state: 'detached' });
    expect({
      owed: await page.locator('.owed').textContent(),
      balance: (await mei.get('getWallet', {})).balance.amount,
    }).toEqual({ owed: '¥0', balance: 8_500 });
  });

  test('row 61: is not there for somebody who was not in the group', async () => {
    const { haru, mei, ren } = await friends();
    const groupPaymentId = await dine({ haru, mei, ren });
    const { page } = await world.phoneOf(await world.customer('Sora Ito'));
    await openBill(page, groupPaymentId);
    await page.getByText('There is no such bill.').waitFor();
  });
});

describe('people', () => {
  test('row 59: what I paid for them, they for me, and the net stand beside each other', async () => {
    const { haru, mei } = await friends();
    const both = { a: haru, b: mei };
    await world.charge(
      await haru.show(),
      1_500,
      await groupOf(both, 'a', [
        { name: 'Tea', amount: 500, consumers: ['a'] },
        { name: 'Curry', amount: 1_000, consumers: ['b'] },
      ]),
    );
    await world.charge(
      await mei.show(),
      900,
      await groupOf(both, 'b', [
        { name: 'Cake', amount: 400, consumers: ['a'] },
        { name: 'Soup', amount: 500, consumers: ['b'] },
      ]),
    );
    const { page } = await world.phoneOf(haru);
    await page.getByRole('link', { name: 'People' }).click();
    const person = page.getByRole('region', { name: 'Mei •••' });
    await person.waitFor();
    expect(await wordsOf(person)).toBe(
      'M Mei ••• Mei ••• owes you ¥600 You paid for them ¥1,000 They paid for you ¥400 Open +¥600',
    );
  });
});

describe('a table', () => {
  test('row 40: is joined by its code; the till sees the guest, and the phone what it had so far, live', async () => {
    const { haru, mei } = await friends();
    const { tableId, tableCode } = await table();
    const { page } = await world.phoneOf(haru);
    await page.getByRole('link', { name: 'Scan table' }).click();
    await page.getByLabel('Code of the table').fill('WRT1:NO-SUCH-TABLE');
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('alert').getByText('That is no table of this wallet.').waitFor();
    await page.getByLabel('Code of the table').fill(tableCode);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByText('You are at the table. The bill is opened by the till.').waitFor();
    // Row 35: with the code the phone learns how this shop may be paid.
    expect(await wordsOf(page.locator('.accepts'))).toContain('You can pay here by Shown code Contactless');

    const checkId = checkIdSchema.parse(newId());
    const seen = await world.terminal.get(
      'putMembers',
      { checkId },
      { label: 'Table 5', tableId, guests: [{ guestId: 'b', token: await mei.show() }] },
    );
    const proposed = seen.members.find(({ isProposed }) => isProposed);
    expect(proposed).toMatchObject({ maskedName: 'Haru •••', source: 'phone' });
    await world.terminal.get(
      'putMembers',
      { checkId },
      {
        label: 'Table 5',
        tableId,
        guests: [
          { guestId: 'a', memberRef: proposed?.memberRef },
          { guestId: 'b', token: await mei.show() },
        ],
      },
    );
    await world.terminal.get(
      'putConsumption',
      { checkId },
      {
        currency: 'JPY',
        lines: [
          { lineId: '1', name: 'Matcha latte', amount: 600, consumers: [{ guestId: 'a' }] },
          { lineId: '2', name: 'Edamame', amount: 480, consumers: [] },
        ],
      },
    );
    await page.getByText('Matcha latte').waitFor({ timeout: 2_000 });
    const words = await wordsOf(page.locator('.table'));
    expect(words).toContain('Table 5 Kissa Warikan · 2 people');
    expect(words).toContain('Matcha latte ¥600 Edamame shared by 2 ¥240 Your part ¥840');

    await page.getByRole('button', { name: 'Leave the table' }).click();
    await page.getByRole('button', { name: 'Tap again to leave' }).click();
    await page.getByText('You left the table.').waitFor();
  });

  test('is read by the camera, with the page’s own reader where the browser has none', async () => {
    const { tableCode } = await table();
    const { page } = await world.phoneOf(await world.customer('Haru Tanaka'));
    const picture = await QRCode.toDataURL(`https://wallet.example/phone/#table=${encodeURIComponent(tableCode)}`);
    // This machine has no camera: its picture is played. What reads it is real.
    await page.addInitScript((source) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 480 });
      const image = Object.assign(new Image(), { src: source });
      // A stream has pictures only while somebody draws.
      setInterval(() => {
        const pen = canvas.getContext('2d');
        pen?.fillRect(0, 0, 480, 480);
        pen?.drawImage(image, 60, 60, 360, 360);
      }, 50);
      navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20);
    }, picture);
    await page.reload();
    await page.getByRole('link', { name: 'Scan table' }).click();
    await page.getByText(`${STORE} · 1 person`).waitFor();
  });

  test('is joined by the phone’s own camera, through an address with the code', async () => {
    const { tableCode } = await table();
    const { page } = await world.phoneOf(await world.customer('Haru Tanaka'));
    await page.goto(`${world.wallet.base}/phone/#table=${encodeURIComponent(tableCode)}`);
    await page.getByText(`${STORE} · 1 person`).waitFor();
    expect(page.url()).toBe(`${world.wallet.base}/phone/#/table`);
  });
});

/** Haru 500, Mei 1,500, Ren 1,000. */
const MEAL = [
  { name: 'Tea', amount: 500, consumers: ['a'] },
  { name: 'Curry', amount: 1_500, consumers: ['b'] },
  { name: 'Ramen', amount: 1_000, consumers: ['c'] },
];

async function friends(balanceOfMei = 10_000) {
  return {
    haru: await world.customer('Haru Tanaka', 10_000),
    mei: await world.customer('Mei Sato', balanceOfMei),
    ren: await world.customer('Ren Suzuki', 10_000),
  };
}

/** Haru pays for the three of them. Gives the id of the shared bill. */
async function dine(phones: { haru: TestPhone; mei: TestPhone; ren: TestPhone }): Promise<string> {
  const { haru, mei, ren } = phones;
  const settlement = await world.charge(
    await haru.show(),
    3_000,
    await groupOf({ a: haru, b: mei, c: ren }, 'a', MEAL),
  );
  expect(settlement.state).toBe('approved');
  return settlement.settlementId;
}

async function openBill(page: Page, groupPaymentId: string): Promise<void> {
  await page.goto(`${world.wallet.base}/phone/#/groups/${groupPaymentId}`);
}

async function table() {
  const tableId = newId();
  return world.terminal.get('putTable', { tableId }, { name: 'Table 5' });
}
