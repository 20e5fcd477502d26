import type { Page } from 'playwright';
import { checkIdSchema } from '#contract/ids.ts';
import { codeOn, groupOf, keyPin, openPhoneWorld } from '#test/wallet/phone/open-phone.ts';
import { newId } from '#test/wallet/server/caller.ts';

/** Sharp on a page that shows them at half the size. */
const SCALE = 2;

/** Takes the pictures of the customer's guide: one evening of Haru's, who shares two bills and sits at a table. */
export async function takePhonePictures(take: (page: Page, name: string) => Promise<void>): Promise<void> {
  const world = await openPhoneWorld();
  try {
    const { wallet, terminal } = world;
    const haru = await world.customer('Haru Tanaka', 9_000);
    const mei = await world.customer('Mei Sato', 8_400);
    const ren = await world.customer('Ren Suzuki', 6_000);
    const everybody = { haru, mei, ren };
    const added = [];
    for (const [operatorId, kind] of [
      ['kumo', 'card'],
      ['mori', 'bank_account'],
    ] as const) {
      const setupToken = `${kind} of Haru`;
      added.push((await haru.get('addReloadMethod', {}, { operatorId, kind, setupToken })).method.methodId);
    }
    await haru.get('putReload', { reloadId: newId() }, { methodId: added[0] ?? '', amount: yen(3_000) });
    const evening = [
      { name: 'Curry rice', amount: 950, consumers: ['mei'] },
      { name: 'Ramen', amount: 1_100, consumers: ['ren'] },
      { name: 'Hojicha pudding', amount: 520, consumers: ['haru'] },
      { name: 'Edamame', amount: 480 },
    ];
    await world.charge(await haru.show(), 3_050, await groupOf(everybody, 'haru', evening));
    const noon = [
      { name: 'Matcha latte', amount: 1_200, consumers: ['haru', 'mei'] },
      { name: 'Melon pan', amount: 300, consumers: ['haru'] },
    ];
    const lunch = await world.charge(await mei.show(), 1_500, await groupOf({ haru, mei }, 'mei', noon));

    const stranger = await world.stranger({ deviceScaleFactor: SCALE });
    await take(stranger.page, 'customer-welcome');

    const { page } = await world.phoneOf(haru, { deviceScaleFactor: SCALE });
    const go = async (path: string, until: string): Promise<void> => {
      await page.goto(`${wallet.base}/phone/#/${path}`);
      await page.locator(until).first().waitFor();
    };
    await page.locator('[data-group]').first().waitFor();
    await take(page, 'customer-home');

    await page.getByRole('button', { name: 'Show code' }).click();
    await page.locator('form.pin').waitFor();
    await take(page, 'customer-pin');
    await keyPin(page);
    await codeOn(page);
    await take(page, 'customer-code');

    await go('reload', '.mean');
    await page.getByRole('button', { name: '¥3,000' }).click();
    await take(page, 'customer-reload');

    const { tableId, tableCode } = await terminal.get('putTable', { tableId: newId() }, { name: 'Table 5' });
    await haru.get('checkIn', {}, { tableCode });
    const checkId = checkIdSchema.parse(newId());
    const guests = [
      { guestId: 'haru', token: await haru.show() },
      { guestId: 'mei', token: await mei.show() },
    ];
    await terminal.get('putMembers', { checkId }, { label: 'Table 5', tableId, guests });
    const lines = [
      { lineId: '1', name: 'Matcha latte', amount: 600, consumers: [{ guestId: 'haru' }] },
      { lineId: '2', name: 'Edamame', amount: 480 },
    ];
    await terminal.get('putConsumption', { checkId }, { currency: 'JPY', lines });
    await go('table', '.items');
    await take(page, 'customer-table');

    await go(`groups/${lunch.settlementId}`, '.owed');
    await take(page, 'customer-bill');
    await go('people', '.person');
    await take(page, 'customer-people');
    await go('history', '[data-entry]');
    await take(page, 'customer-history');
  } finally {
    await world.close();
  }
}

function yen(amount: number) {
  return { amount, currency: 'JPY' };
}
