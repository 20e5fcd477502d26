import { type OpenPage, openPhoneWorld, keyPin, showCode, codeOn } from '#test/wallet/phone/open-phone.ts';
import { newId } from '#test/wallet/server/caller.ts';
import { checkIdSchema } from '#contract/ids.ts';
const world = await openPhoneWorld();
const only = process.argv[2];
try {
  const { wallet, terminal } = world;
  const haru = await world.customer('Haru Tanaka', 12_000);
  const mei = await world.customer('Mei Sato', 8_400);
  const ren = await world.customer('Ren Suzuki', 3_000);
  const add = async (p: typeof haru, operatorId: string, kind: 'card' | 'bank_account') =>
    (await p.get('addReloadMethod', {}, { operatorId, kind, setupToken: 'x' + operatorId + p.walletId })).method
      .methodId;
  const card = await add(haru, 'kumo', 'card');
  await add(haru, 'mori', 'bank_account');
  const reload = async (amount: number) =>
    haru.call('putReload', { reloadId: newId() }, { methodId: card, amount: { amount, currency: 'JPY' } });
  await reload(3000);
  await reload(1001);
  const group = (payer: string) => async () => ({
    guests: [
      { guestId: 'a', token: await haru.show() },
      { guestId: 'b', token: await mei.show() },
      { guestId: 'c', token: await ren.show() },
    ],
    lines: [
      {
        lineId: '1',
        name: 'Matcha latte',
        amount: 1200,
        quantity: 2000,
        consumers: [
          { guestId: 'a', weight: 1 },
          { guestId: 'b', weight: 1 },
        ],
      },
      { lineId: '2', name: 'Curry rice', amount: 950, quantity: 1000, consumers: [{ guestId: 'b', weight: 1 }] },
      { lineId: '3', name: 'Edamame', amount: 480, quantity: 1000, consumers: [] },
      { lineId: '4', name: 'Hojicha pudding', amount: 520, quantity: 1000, consumers: [{ guestId: 'a', weight: 1 }] },
    ],
    adjustments: [],
    payer,
  });
  const s1 = await world.charge(await haru.show(), 3150, (await group('a')()) as never);
  const s2 = await world.charge(await mei.show(), 3150, (await group('b')()) as never);
  await world.charge(await haru.show(), 640);
  const groupId = s2.state === 'approved' ? s2.settlementId : '';
  const mine = s1.state === 'approved' ? s1.settlementId : '';
  const table = await terminal.get('putTable', { tableId: newId() }, { name: 'Table 5' });
  const tableId = table.tableId;
  for (const [lang, scheme] of [
    ['en', 'light'],
    ['ja', 'dark'],
    ['ja', 'light'],
    ['en', 'dark'],
  ] as const) {
    if (only !== undefined && only !== `${lang}-${scheme}`) continue;
    const opened: OpenPage = await world.phoneOf(haru, {
      locale: lang === 'en' ? 'en-GB' : 'ja-JP',
      colorScheme: scheme,
    });
    const { page } = opened;
    const take = async (name: string) => {
      await page.evaluate(() => document.fonts.ready);
      await page.waitForTimeout(150);
      await page.screenshot({
        path: `/tmp/shots/${lang}-${scheme}-${name}.png`,
        animations: 'disabled',
        fullPage: true,
      });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 360) console.log(name, 'is', width, 'wide');
    };
    const go = async (hash: string) => {
      await page.goto(`${wallet.base}/phone/#/${hash}`);
      await page.waitForTimeout(250);
    };
    await page.waitForTimeout(700);
    await take('home');
    await page.locator('.method-other').nth(2).getByRole('button').first().click();
    await page.waitForTimeout(300);
    await take('home-linked');
    await page.locator('.method-other').first().getByRole('button').first().click();
    await page.waitForTimeout(300);
    await page.locator('[data-method][aria-current] .primary').click();
    await take('pin');
    await keyPin(page, '9999');
    await page.locator('[role=alert]').waitFor();
    await take('pin-wrong');
    await keyPin(page);
    await codeOn(page);
    await take('code');
    const code = await codeOn(page);
    await world.charge(code, 880);
    await page.locator('.paid').waitFor();
    await take('paid');
    await go('');
    await page.waitForTimeout(6000);
    await go('reload');
    await take('reload');
    await page.locator('.amount-input').fill('1002');
    await page.locator('form .primary').click();
    await page.locator('[data-state=declined]').waitFor();
    await page.locator('.amount-input').fill('2000');
    await page.locator('form .primary').click();
    await page.locator('[data-state=credited]').waitFor();
    await page.locator('.section-head .quiet').click();
    await take('reload-edit');
    await go('reload/add');
    await take('reload-add');
    await go('reload/auto');
    await take('reload-auto');
    await go('people');
    await take('people');
    await go('groups');
    await take('groups');
    await go('groups/' + groupId);
    await take('group-debtor');
    await page.locator('.bill .primary').click();
    await take('payback-pin');
    await go('groups/' + mine);
    await page.waitForTimeout(200);
    await take('group-payer');
    await go('history');
    await take('history');
    await go('settings');
    await take('settings');
    await go('settings/phones');
    await take('phones');
    await page.locator('main > .primary, main > .secondary').last().click();
    await keyPin(page);
    await page.locator('[data-code]').waitFor();
    await take('phones-code');
    await go('settings/pin');
    await take('pin-change');
    await go('table');
    await take('scan');
    await page.locator('#table-code').fill(table.tableCode);
    await page.locator('form .primary').click();
    await page.locator('.table').waitFor();
    await take('table-waiting');
    const checkId = checkIdSchema.parse(newId());
    await terminal.get(
      'putMembers',
      { checkId },
      {
        label: 'Table 5',
        tableId,
        guests: [
          { guestId: 'a', token: await haru.show() },
          { guestId: 'b', token: await mei.show() },
        ],
        state: 'open',
      },
    );
    await terminal.get(
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
    await page.waitForTimeout(800);
    await take('table');
    await go('');
    await take('home-table');
    await opened.context.setOffline(true);
    await page.waitForTimeout(300);
    await take('home-offline');
    await opened.context.setOffline(false);
    await terminal.get('putMembers', { checkId }, { label: 'Table 5', tableId, guests: [], state: 'closed' });
    await go('table');
    await page.waitForTimeout(500);
    const leave = page.locator('.table .quiet');
    if ((await leave.count()) > 0) {
      await leave.click();
      await leave.click();
    }
    console.log(lang, scheme, opened.complaints);
    const stranger = await world.stranger({ locale: lang === 'en' ? 'en-GB' : 'ja-JP', colorScheme: scheme });
    await stranger.page.screenshot({ path: `/tmp/shots/${lang}-${scheme}-welcome.png`, fullPage: true });
    await stranger.page.locator('#name').fill('Aoi Mori');
    await stranger.page.locator('.primary').click();
    await stranger.page.locator('.pin').waitFor();
    await stranger.page.screenshot({ path: `/tmp/shots/${lang}-${scheme}-choose-pin.png`, fullPage: true });
    await keyPin(stranger.page);
    await keyPin(stranger.page);
    await stranger.page.locator('[data-method]').first().waitFor();
    await stranger.page.waitForTimeout(400);
    await stranger.page.screenshot({ path: `/tmp/shots/${lang}-${scheme}-home-new.png`, fullPage: true });
    await world.closePages();
  }
} finally {
  await world.close();
}
void showCode;
