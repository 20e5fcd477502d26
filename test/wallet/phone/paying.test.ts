import type { Page } from 'playwright';
import { create } from 'qrcode';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  codeOn,
  keyPin,
  openPhoneWorld,
  parsed,
  type PhoneWorld,
  PIN,
  showCode,
  STORE,
  wordsOf,
} from './open-phone.ts';

const BUILD_MS = 120_000;

let world: PhoneWorld;

beforeAll(async () => {
  world = await openPhoneWorld();
}, BUILD_MS);
afterEach(() => world.closePages());
afterAll(() => world.close());

describe('a phone without a wallet', () => {
  test('opens a new one, with a PIN that is typed twice and not easy to guess', async () => {
    const { page } = await world.stranger();
    await page.getByLabel('Your name').fill('Aoi Mori');
    await page.getByRole('button', { name: 'Open wallet' }).click();

    await page.getByText('Choose a PIN').waitFor();
    await keyPin(page, '1234');
    await page.getByRole('alert').getByText('That is easy to guess. Choose another one.').waitFor();
    await keyPin(page, '2580');
    await page.getByText('Enter it once more').waitFor();
    await keyPin(page, '2581');
    await page.getByRole('alert').getByText('Those were not the same. Choose again.').waitFor();
    await keyPin(page, '2580');
    await keyPin(page, '2580');

    await page.getByText('Aoi Mori').waitFor();
    expect(await page.locator('.money-amount').textContent()).toBe('¥0');
    const code = await showCode(page, '2580');
    expect(parsed(code).claims.currency).toBe('JPY');
  });

  test('says what is wrong with a binding code, takes a good one, and lets the wallet be removed again', async () => {
    const haru = await world.customer('Haru Tanaka');
    const { page } = await world.stranger();
    await page.getByLabel('Binding code').fill('aaaa-aaaaaa');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').getByText('That code is wrong, used or too old.').waitFor();
    await page.getByLabel('Binding code').fill(await world.wallet.bindingCodeOf(haru.walletId));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('¥10,000', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Remove the wallet from this phone' }).click();
    await page.getByRole('button', { name: 'Tap again to remove' }).click();
    await page.getByLabel('Binding code').waitFor();
    await page.reload();
    await page.getByLabel('Binding code').waitFor();
  });

  test('is bound by an address, and keeps the code out of the address bar', async () => {
    const { page } = await world.phoneOf(await world.customer('Mei Sato'));
    expect({ url: page.url(), name: await page.locator('.money-name').textContent() }).toEqual({
      url: `${world.wallet.base}/phone/`,
      name: 'Mei Sato',
    });
  });
});

describe('home', () => {
  test('row 12: the settlement methods stand in one area, one of them current', async () => {
    const { page } = await world.phoneOf(await linkedCustomer());
    const area = page.getByRole('region', { name: 'Pay with' });
    expect({
      shown: await area.locator('[data-method]').count(),
      current: await area.locator('[aria-current=true]').getAttribute('data-method'),
    }).toEqual({ shown: 4, current: 'shown_code' });
  });

  test('row 13: switching changes the name, the button and what stands outside, here and at the server', async () => {
    const haru = await linkedCustomer();
    const { page } = await world.phoneOf(haru);
    await page.getByRole('button', { name: /^Make Kumo Card .* the current method$/ }).click();
    const current = page.locator('[aria-current=true]');
    await current.getByText(/Kumo Card/).waitFor();
    await expect.poll(async () => (await haru.get('getWallet', {})).settlementMethod).toMatch(/^linked:/);
    expect({
      button: await current.getByRole('button').textContent(),
      outside: await wordsOf(page.locator('.money-card')),
    }).toEqual({ button: 'Pay', outside: expect.stringMatching(/Kumo Card card •••• \d{4} Pays from$/) as unknown });
    await page.reload();
    await current.getByText(/Kumo Card/).waitFor();
  });

  test('row 14: a method’s name and its settlement button are stacked, the name above', async () => {
    const { page } = await world.phoneOf(await linkedCustomer());
    const boxes = await page.locator('[data-method]').evaluateAll((methods) =>
      methods.map((method) => {
        const name = method.querySelector('.method-name')?.getBoundingClientRect();
        const button = method.querySelector('.primary, .secondary')?.getBoundingClientRect();
        if (name === undefined || button === undefined) return 'missing';
        const overlap = Math.min(name.right, button.right) - Math.max(name.left, button.left);
        return name.bottom <= button.top && overlap > 0 ? 'stacked' : 'beside';
      }),
    );
    expect(boxes).toEqual(['stacked', 'stacked', 'stacked', 'stacked']);
  });

  test('row 15: the balance stands outside the area where the current method draws on wallet money', async () => {
    const { page } = await world.phoneOf(await linkedCustomer());
    expect({
      outside: await page.getByRole('region', { name: 'Balance' }).innerText(),
      inside: await page.getByRole('region', { name: 'Pay with' }).innerText(),
    }).toEqual({
      outside: expect.stringContaining('¥10,000') as unknown,
      inside: expect.not.stringContaining('¥') as unknown,
    });
  });

  test('row 16: of a linked method the payment means stands there, instead of the balance', async () => {
    const { page } = await world.phoneOf(await linkedCustomer());
    await page.getByRole('button', { name: /^Make Kumo Card/ }).click();
    const outside = page.getByRole('region', { name: 'Pays from' });
    await outside.waitFor();
    expect(await wordsOf(outside)).toMatch(/^Haru Tanaka Kumo Card card •••• \d{4} Pays from$/);
  });

  test('row 20: a method that is not the current one is in view, and one tap makes it so and starts it', async () => {
    const haru = await linkedCustomer();
    const { page } = await world.phoneOf(haru);
    const tile = page.getByRole('button', { name: 'Hold to reader: Contactless' });
    expect(await tile.evaluate((button) => button.getBoundingClientRect().bottom < window.innerHeight)).toBe(true);
    await tile.click();
    await page.getByRole('heading', { name: 'Contactless' }).waitFor();
    await page.getByLabel('Enter your PIN').waitFor();
    await expect.poll(async () => (await haru.get('getWallet', {})).settlementMethod).toBe('contactless');
  });
});

describe('the PIN', () => {
  test('row 18: is asked for in the same way, and is the same, for every method', async () => {
    const haru = await linkedCustomer();
    await haru.get('checkIn', {}, { tableCode: (await table()).tableCode });
    const { page } = await world.phoneOf(haru);
    const asked = [];
    for (const name of ['Show code', 'Hold to reader: Contactless', 'Read code: Shop’s code', /^Pay: Kumo Card/]) {
      await page.getByRole('button', { name }).click();
      const pad = page.locator('form.pin');
      asked.push(await pad.innerText());
      await keyPin(page);
      parsed(await codeOn(page));
      await page.getByRole('button', { name: 'Put away' }).click();
    }
    expect(asked).toEqual([asked[0], asked[0], asked[0], asked[0]]);
    expect(asked[0]).toContain('The same PIN for every way to pay.');
  });

  test('row 19: when it is wrong, no code is shown, and the tries are counted until the wallet locks', async () => {
    const haru = await world.customer('Haru Tanaka');
    const { page } = await world.phoneOf(haru);
    await page.getByRole('button', { name: 'Show code' }).click();
    await keyPin(page, '9999');
    await page.getByRole('alert').getByText('Wrong PIN. 9 tries left.').waitFor();
    await world.wallet.books.db
      .updateTable('wallet')
      .set({ pin_failures: 9 })
      .where('id', '=', haru.walletId)
      .execute();
    await keyPin(page, '9999');
    await page.getByRole('alert').getByText('Locked after too many wrong PINs.').waitFor();
    await keyPin(page);
    await page.getByRole('alert').getByText('Locked after too many wrong PINs.').waitFor();
    expect(await page.locator('[data-code]').count()).toBe(0);
  });

  test('is looked at only after a wait, once it was wrong too often, and the phone says how long', async () => {
    const haru = await world.customer('Haru Tanaka');
    const { page } = await world.phoneOf(haru);
    const retry = { pin_failures: 6, pin_retry_at_ms: Date.now() + 30_000 };
    await world.wallet.books.db.updateTable('wallet').set(retry).where('id', '=', haru.walletId).execute();
    await page.getByRole('button', { name: 'Show code' }).click();
    await keyPin(page);
    await page.getByText(/Too many wrong PINs\. Try again in [123]\d s\./).waitFor();
    expect(await page.locator('[data-code]').count()).toBe(0);
  });

  test('is changed with the old one; a wrong old one begins again', async () => {
    const haru = await world.customer('Haru Tanaka');
    const { page } = await world.phoneOf(haru);
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('link', { name: 'Change PIN' }).click();
    for (const pin of ['9999', '1470', '1470']) await keyPin(page, pin);
    await page.getByRole('alert').getByText('Wrong PIN.').waitFor();
    for (const pin of [PIN, '1470', '1470']) await keyPin(page, pin);
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    expect(await haru.codeOf('issueCredential', {}, { pin: '1470', method: 'shown_code' })).toBe('ok');
  });
});

describe('the code', () => {
  test('is drawn as it reads, pays at the till, is spent, and the phone says what was paid where', async () => {
    const { page } = await world.phoneOf(await world.customer('Haru Tanaka', 12_000));
    const code = await showCode(page);
    expect(await modulesOn(page)).toEqual(modulesOf(code));
    expect(await page.getByText('Not read? Turn the brightness up.').isVisible()).toBe(true);

    const settlement = await world.charge(code, 1_200);
    await page.getByRole('heading', { name: 'Paid' }).waitFor();
    expect({ state: settlement.state, said: await wordsOf(page.locator('.paid')) }).toEqual({
      state: 'approved',
      said: '¥1,200 Kissa Warikan',
    });
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('¥10,800').waitFor();
    const again = parsed(await showCode(page));
    expect({
      isHigher: again.counter > parsed(code).counter,
      isSamePhone: again.claims.alias === parsed(code).claims.alias,
    }).toEqual({ isHigher: true, isSamePhone: true });
  });

  test('is a new one every half minute, with a higher counter, and put away after five minutes', async () => {
    const haru = await world.customer('Haru Tanaka');
    const { page } = await world.phoneOf(haru);
    const context = page.context();
    const later = await context.newPage();
    await later.clock.install({ time: Date.now() });
    await later.goto(`${world.wallet.base}/phone/`);
    await later.locator('[data-method]').first().waitFor();
    const first = parsed(await showCode(later));
    await later.clock.fastForward(31_000);
    await untilOther(later, first.counter);
    const second = parsed(await codeOn(later));
    expect({ step: second.step - first.step, counter: second.counter > first.counter }).toEqual({
      step: 1,
      counter: true,
    });
    await later.clock.fastForward(5 * 60_000);
    await later.getByLabel('Enter your PIN').waitFor();
    expect(await later.locator('[data-code]').count()).toBe(0);
  });

  test('says plainly that a page has no contactless chip, and offers the same payload to be read', async () => {
    const { page } = await world.phoneOf(await world.customer('Haru Tanaka'));
    await page.getByRole('button', { name: 'Hold to reader: Contactless' }).click();
    await keyPin(page);
    const code = await codeOn(page);
    await page.getByText('A web page cannot use this phone’s contactless chip.').waitFor();
    const settlement = await world.charge(code, 300);
    expect(settlement).toMatchObject({ state: 'approved', member: { settlementMethod: 'contactless' } });
  });

  test('that was refused is said so, and another one is shown', async () => {
    const { page } = await world.phoneOf(await world.customer('Haru Tanaka', 100));
    const code = await showCode(page);
    expect(await world.charge(code, 1_200)).toMatchObject({ state: 'declined', reason: 'insufficient_funds' });
    await page.getByText('Declined. The till shows why.').waitFor();
    expect(parsed(await codeOn(page)).counter).toBeGreaterThan(parsed(code).counter);
  });

  test('of the shop’s code method is shown once the shop’s code was read', async () => {
    const { page } = await world.phoneOf(await world.customer('Haru Tanaka'));
    await page.getByRole('button', { name: 'Read code: Shop’s code' }).click();
    await page.getByLabel('Code of the table').fill((await table()).tableCode);
    await page.getByRole('button', { name: 'Join' }).click();
    await keyPin(page);
    parsed(await codeOn(page));
    expect(await page.locator('.code-place').textContent()).toBe(`At ${STORE} · Table 5`);
  });

  test('is shown by no phone that was taken off the wallet', async () => {
    const haru = await world.customer('Haru Tanaka');
    const { page } = await world.phoneOf(haru);
    const { alias } = parsed(await showCode(page)).claims;
    const { devices } = await haru.get('listPhones', {});
    const deviceId = devices.find(({ isThisOne }) => !isThisOne)?.deviceId ?? '';
    await haru.get('removePhone', { deviceId });
    await page.getByText('This phone was taken off the wallet.').waitFor();
    expect({ alias, codes: await page.locator('[data-code]').count() }).toEqual({ alias, codes: 0 });
  });
});

describe('the history', () => {
  test('row 17: lists settlements by two methods in one list, and reads on as it is scrolled', async () => {
    const haru = await world.customer('Haru Tanaka', 50_000);
    for (let count = 0; count < 40; count += 1) {
      const method = count % 2 === 0 ? 'shown_code' : 'contactless';
      await world.charge(await haru.show(Date.now(), method), 100 + count);
    }
    const { page } = await world.phoneOf(haru);
    await page.getByRole('link', { name: 'History' }).click();
    const rows = page.locator('[data-entry]');
    // The home screen shows the newest few as well: it has gone once there is a whole page.
    await rows.nth(29).waitFor();
    const atFirst = await rows.count();
    await page.evaluate(() => document.scrollingElement?.scrollTo(0, document.scrollingElement.scrollHeight));
    await page.getByText('+¥50,000').waitFor();
    const texts = await rows.allInnerTexts();
    expect({
      atFirst,
      all: texts.length,
      shown: texts.filter((text) => text.includes('Shown code')).length,
      contactless: texts.filter((text) => text.includes('Contactless')).length,
    }).toEqual({ atFirst: 30, all: 41, shown: 20, contactless: 20 });
  });
});

describe('a phone', () => {
  test('whose stream of events is refused asks by itself every few seconds', async () => {
    const haru = await world.customer('Haru Tanaka');
    const { page } = await world.phoneOf(haru);
    await page.route('**/v1/wallet/events*', (route) => route.abort('connectionreset'));
    await page.reload();
    await page.locator('.money-amount').filter({ hasText: '¥10,000' }).waitFor();
    await world.charge(await haru.show(), 800);
    await page.locator('.money-amount').filter({ hasText: '¥9,200' }).waitFor();
    expect(await page.getByRole('status').filter({ hasText: '¥800 paid' }).count()).toBe(1);
  });

  test('whose clock goes wrong mends it by the server’s, and its codes are good', async () => {
    const { context } = await world.phoneOf(await world.customer('Haru Tanaka'));
    const page = await context.newPage();
    await page.clock.install({ time: Date.now() + 20 * 60_000 });
    await page.goto(`${world.wallet.base}/phone/`);
    await page.locator('.money-amount').filter({ hasText: '¥10,000' }).waitFor();
    await page.clock.fastForward(5_000);
    await page.getByText(/^No connection/).waitFor({ state: 'detached' });
    expect((await world.charge(await showCode(page), 700)).state).toBe('approved');
  });

  test('that a server does not know keeps its key, for when the server has found its books', async () => {
    const { page } = await world.phoneOf(await world.customer('Haru Tanaka'));
    const problem = { type: 'about:blank', title: 'Who?', status: 401, code: 'device_unknown' };
    await page.route('**/v1/wallet', (route) => route.fulfill({ status: 401, json: problem }));
    await page.reload();
    await page.getByText('The wallet does not know this phone.').waitFor();
    await page.unroute('**/v1/wallet');
    await page.reload();
    await page.getByText('Haru Tanaka').waitFor();
    parsed(await showCode(page));
  });
});

test('two customers in two tabs of one browser stay two customers', async () => {
  const { page, context } = await world.phoneOf(await world.customer('Haru Tanaka'));
  const other = await context.newPage();
  const mei = await world.customer('Mei Sato');
  await other.goto(`${world.wallet.base}/phone/#bind=${await world.wallet.bindingCodeOf(mei.walletId)}`);
  await other.getByText('Mei Sato').waitFor();
  await page.reload();
  await other.reload();
  await page.getByText('Haru Tanaka').waitFor();
  await other.getByText('Mei Sato').waitFor();
  expect(parsed(await showCode(page)).claims.alias).not.toBe(parsed(await showCode(other)).claims.alias);
});

test('the server’s front page opens a demo customer’s phone', async () => {
  const { page, context } = await world.stranger();
  await page.goto(world.wallet.base);
  const opening = context.waitForEvent('page');
  await page.getByRole('button', { name: /Ren Suzuki/ }).click();
  const phone = await opening;
  // A demo customer has no PIN yet: the phone asks for one first.
  await phone.getByText('Choose a PIN').waitFor();
  await keyPin(phone);
  await keyPin(phone);
  await phone.getByText('Ren Suzuki').waitFor();
});

async function linkedCustomer() {
  const haru = await world.customer('Haru Tanaka');
  await haru.get('addReloadMethod', {}, { operatorId: 'kumo', kind: 'card', setupToken: `card of ${haru.walletId}` });
  return haru;
}

async function table() {
  return world.terminal.get('putTable', { tableId: TABLE_ID }, { name: 'Table 5' });
}
const TABLE_ID = '01900000-0000-7000-8000-0000000000b5';

async function untilOther(page: Page, counter: number): Promise<void> {
  await expect.poll(async () => parsed(await codeOn(page)).counter).toBeGreaterThan(counter);
}

/** The dark modules of the symbol on the page, as `column,row`, and of the text by the library. */
async function modulesOn(page: Page): Promise<string[]> {
  const path = (await page.locator('[data-code] path').getAttribute('d')) ?? '';
  return Array.from(path.matchAll(/M(\d+) (\d+)h1v1h-1z/g), ([, x, y]) => `${Number(x) - 4},${Number(y) - 4}`);
}

function modulesOf(text: string): string[] {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const dark: string[] = [];
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++) if (modules.get(row, column)) dark.push(`${column},${row}`);
  }
  return dark;
}
