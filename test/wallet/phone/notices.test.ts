import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkIdSchema } from '#contract/ids.ts';
import { newId } from '#test/wallet/server/caller.ts';
import { groupOf, openPhoneWorld, type PhoneWorld, STORE, wordsOf } from './open-phone.ts';

const BUILD_MS = 120_000;
const DAY_MS = 24 * 3_600_000;

let world: PhoneWorld;

beforeAll(async () => {
  world = await openPhoneWorld();
}, BUILD_MS);
afterAll(() => world.close());

test('row 68: a group that came before is shown the notice that fits what it had, while it is at the table', async () => {
  const [haru, mei] = [await world.customer('Haru Tanaka'), await world.customer('Mei Sato')];
  const beers = [{ name: 'Craft beer', amount: 900 }];
  await world.charge(await haru.show(), 900, await groupOf({ a: haru, b: mei }, 'a', beers));
  await publish('Cakes all day', 'cake');
  await publish('New beers on tap', 'beer');
  const { page } = await world.phoneOf(mei);
  expect(await page.locator('.notice').count()).toBe(0);

  const checkId = checkIdSchema.parse(newId());
  const { guests } = await groupOf({ a: haru, b: mei }, 'a', beers);
  await world.terminal.get('putMembers', { checkId }, { label: 'Table 5', guests });
  await page.locator('.notice').waitFor();
  expect(await wordsOf(page.locator('.notice'))).toBe(`New beers on tap Until the barrel is empty. ${STORE}`);

  await world.terminal.get('putMembers', { checkId }, { label: 'Table 5', guests: [], state: 'closed' });
  await page.locator('.notice').waitFor({ state: 'detached' });
});

async function publish(title: string, keyword: string): Promise<void> {
  const until = new Date(Date.now() + DAY_MS).toISOString();
  const body = { title, body: 'Until the barrel is empty.', keywords: [keyword], until };
  await world.terminal.get('putNotice', { noticeId: newId() }, body);
}
