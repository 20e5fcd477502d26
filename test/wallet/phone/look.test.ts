import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkIdSchema } from '#contract/ids.ts';
import { newId } from '#test/wallet/server/caller.ts';
import { groupOf, keyPin, openPhoneWorld, type PhoneWorld, VIEWPORT } from './open-phone.ts';

const BUILD_MS = 120_000;
const TARGET = 48;

let world: PhoneWorld;
let scene: Awaited<ReturnType<typeof makeScene>>;

beforeAll(async () => {
  world = await openPhoneWorld();
  scene = await makeScene();
}, BUILD_MS);
afterEach(() => world.closePages());
afterAll(() => world.close());

describe.each([
  ['en-GB', 'light'],
  ['en-GB', 'dark'],
  ['ja-JP', 'light'],
  ['ja-JP', 'dark'],
] as const)('every screen in %s and %s', (locale, colorScheme) => {
  test('has no fault that axe finds, targets of 48 px, and 360 px of width', async () => {
    const { page, complaints } = await world.phoneOf(scene.haru, { locale, colorScheme });
    const faults: Record<string, unknown> = {};
    for (const [name, show] of Object.entries(screens())) {
      await show(page);
      faults[name] = await faultsOf(page);
    }
    const stranger = await world.stranger({ locale, colorScheme });
    faults['welcome'] = await faultsOf(stranger.page);
    expect(faults).toEqual(Object.fromEntries(Object.keys(faults).map((name) => [name, []])));
    expect([...complaints, ...stranger.complaints]).toEqual([]);
  }, 120_000);
});

test.each([
  ['a small phone', { width: 320, height: 568 }],
  ['a phone on its side', { width: 740, height: 360 }],
  ['a tablet', { width: 820, height: 1_180 }],
  ['a tablet on its side', { width: 1_180, height: 820 }],
] as const)('fits %s', async (_name, viewport) => {
  const { page } = await world.phoneOf(scene.haru, { viewport });
  const wide: string[] = [];
  for (const [name, show] of Object.entries(screens())) {
    await show(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > viewport.width) wide.push(`${name} is ${width} px wide`);
  }
  expect(wide).toEqual([]);
});

test('nothing moves while home comes in, when something happens, or when the network goes', async () => {
  const { page, context } = await world.phoneOf(scene.haru);
  await page.reload();
  await page.evaluate(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.locator('[data-entry]').first().waitFor();
  await world.charge(await scene.haru.show(), 100);
  await page.getByText('¥100 paid').waitFor();
  await context.setOffline(true);
  await page.getByText(/^No connection/).waitFor();
  const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
  expect(shifts.reduce((total, one) => total + one, 0)).toBeLessThan(0.02);
});

test('what happens is said to a screen reader: payments, problems and the lost network', async () => {
  const { page, context } = await world.phoneOf(scene.haru);
  const tree = async (): Promise<string> => page.locator('body').ariaSnapshot();
  await world.charge(await scene.haru.show(), 120);
  await page.getByText('¥120 paid').waitFor();
  expect(await tree()).toMatch(/status:\s+- button "¥120 paid Kissa Warikan"/);
  await page.getByRole('button', { name: 'Show code' }).click();
  await keyPin(page, '9999');
  await page.getByRole('alert').waitFor();
  expect(await tree()).toMatch(/- alert: Wrong PIN\. 9 tries left\./);
  await context.setOffline(true);
  await page.getByText(/^No connection/).waitFor();
  expect(await tree()).toMatch(/- status:[\s\S]*No connection\. As of/);
});

test('a screen takes the focus to its name, and everything is reached by the keyboard alone', async () => {
  const { page } = await world.phoneOf(scene.haru);
  await page.getByRole('button', { name: 'Show code' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('#pin:focus').waitFor();
  await page.keyboard.type('2580');
  await page.keyboard.press('Enter');
  await page.locator('[data-code]').waitFor();
  const ring = await page.getByRole('button', { name: 'Put away' }).evaluate((button) => {
    button.focus();
    return getComputedStyle(button).outlineStyle;
  });
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'History' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'History' }).waitFor();
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  expect({ ring, focused }).toEqual({ ring: 'solid', focused: 'History' });
});

test('nothing is animated where a person asked for less motion', async () => {
  const { page } = await world.phoneOf(scene.haru, { reducedMotion: 'reduce' });
  await page.getByRole('button', { name: 'Show code' }).click();
  await keyPin(page, '9999');
  await page.getByRole('alert').waitFor();
  const longest = await page.evaluate(() =>
    Math.max(0, ...document.getAnimations().map((animation) => Number(animation.effect?.getTiming().duration))),
  );
  expect(longest).toBeLessThanOrEqual(1);
});

test('language and appearance are chosen, hold after a reload, and are the phone’s own until then', async () => {
  const { page } = await world.phoneOf(scene.haru, { colorScheme: 'dark' });
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await ground();
  await page.goto(`${world.wallet.base}/phone/#/settings`);
  await page.getByRole('radio', { name: 'Light' }).check();
  const light = await ground();
  await page.getByRole('radio', { name: '日本語' }).check();
  await page.reload();
  await page.getByRole('heading', { name: '設定' }).waitFor();
  expect({
    dark,
    light,
    after: await ground(),
    language: await page.evaluate(() => document.documentElement.lang),
  }).toEqual({ dark: 'rgb(17, 18, 22)', light: 'rgb(241, 238, 232)', after: 'rgb(241, 238, 232)', language: 'ja' });
});

describe('on the home screen', () => {
  test('the page installs: its manifest names icons that are there, in their sizes', async () => {
    const { page } = await world.stranger();
    const href = await page.locator('link[rel=manifest]').getAttribute('href');
    const at = new URL(href ?? '', page.url());
    const manifest = manifestSchema.parse(await (await fetch(at)).json());
    const sizes = await page.evaluate(async (icons) => {
      const real = [];
      for (const { src } of icons.filter(({ type }) => type === 'image/png')) {
        const image = new Image();
        image.src = src;
        await image.decode();
        real.push(`${image.naturalWidth}x${image.naturalHeight}`);
      }
      return real;
    }, manifest.icons);
    expect({
      ...manifest,
      icons: sizes,
      maskable: manifest.icons.some(({ purpose }) => purpose === 'maskable'),
    }).toEqual({
      name: 'Warikan Wallet',
      display: 'standalone',
      start_url: '/phone/',
      scope: '/phone/',
      icons: ['192x192', '512x512', '512x512'],
      maskable: true,
    });
    const client = await page.context().newCDPSession(page);
    const { installabilityErrors } = await client.send('Page.getInstallabilityErrors');
    expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  });

  test('the worker keeps the page and nothing that the server said about money', async () => {
    const { page } = await world.phoneOf(scene.haru);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await page.reload();
    await page.locator('[data-entry]').first().waitFor();
    const kept = await page.evaluate(async () => {
      const names = await caches.keys();
      const all = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return all.flat().map(({ url }) => new URL(url).pathname);
    });
    expect({
      page: kept.includes('/phone/'),
      outside: kept.filter((path) => !path.startsWith('/phone/')),
    }).toEqual({ page: true, outside: [] });
  });
});

const manifestSchema = z.object({
  name: z.string(),
  display: z.string(),
  start_url: z.string(),
  scope: z.string(),
  icons: z.array(z.object({ src: z.string(), type: z.string(), purpose: z.string().optional() })),
});

/** A customer who has everything that a screen can show. */
async function makeScene() {
  const haru = await world.customer('Haru Tanaka', 30_000);
  const mei = await world.customer('Mei Sato', 30_000);
  for (const [operatorId, kind] of [
    ['kumo', 'card'],
    ['mori', 'bank_account'],
  ] as const) {
    await haru.get('addReloadMethod', {}, { operatorId, kind, setupToken: `${kind} of Haru` });
  }
  const lines = [
    { name: 'Matcha latte', amount: 600, consumers: ['a'] },
    { name: 'Edamame', amount: 480 },
  ];
  const paid = await world.charge(await haru.show(), 1_080, await groupOf({ a: haru, b: mei }, 'a', lines));
  const owed = await world.charge(await mei.show(), 1_080, await groupOf({ a: haru, b: mei }, 'b', lines));
  const { tableId, tableCode } = await world.terminal.get('putTable', { tableId: newId() }, { name: 'Table 5' });
  await haru.get('checkIn', {}, { tableCode });
  const checkId = checkIdSchema.parse(newId());
  const guests = [{ guestId: 'a', token: await haru.show() }];
  await world.terminal.get('putMembers', { checkId }, { label: 'Table 5', tableId, guests });
  const consumed = lines.map(({ name, amount }, index) => ({ lineId: String(index), name, amount }));
  await world.terminal.get('putConsumption', { checkId }, { currency: 'JPY', lines: consumed });
  return { haru, mei, paid: paid.settlementId, owed: owed.settlementId };
}

/** The way to each screen from any other. */
function screens(): Readonly<Record<string, (page: Page) => Promise<void>>> {
  const go = (path: string, until: string) => async (page: Page) => {
    await page.goto(`${world.wallet.base}/phone/#/${path}`);
    await page.locator(until).first().waitFor();
  };
  return {
    home: go('', '[data-group]'),
    pin: go('pay', 'form.pin'),
    code: async (page) => {
      await page.locator('#pin').pressSequentially('2580');
      await page.keyboard.press('Enter');
      await page.locator('[data-code]').waitFor();
    },
    reload: go('reload', '.mean label'),
    editing: async (page) => {
      await page.locator('.section-head .quiet').click();
      await page.locator('.danger').first().waitFor();
    },
    'add a means': go('reload/add', '#token'),
    'automatic reload': go('reload/auto', '[role=switch]'),
    table: go('table', '.table'),
    scan: async (page) => {
      await page.locator('main > .secondary').click();
      await page.locator('[data-camera=none]').waitFor();
    },
    people: go('people', '.person'),
    bills: go('groups', '[data-group]'),
    'a bill that I paid': go(`groups/${scene.paid}`, '[data-allotment]'),
    'a bill that I owe': go(`groups/${scene.owed}`, '.owed'),
    history: go('history', '[data-entry]'),
    settings: go('settings', '.links'),
    phones: go('settings/phones', '.row'),
    'changing the PIN': go('settings/pin', 'form.pin'),
  };
}

async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(() => document.fonts.ready);
  // Colours are judged at rest.
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))).then(
      () => undefined,
    ),
  );
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const small = await page.locator('button, a, input').evaluateAll(
    (targets, least) =>
      targets
        // What lies in a label is touched with the whole of it.
        .map((target) => ({ target, box: (target.closest('label') ?? target).getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0 && (box.height < least || box.width < least))
        .map(({ target, box }) => `${target.outerHTML.slice(0, 90)} is ${box.width} × ${box.height}`),
    TARGET,
  );
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  return [
    ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`),
    ...small,
    ...(width > VIEWPORT.width ? [`${width} px wide`] : []),
  ];
}
