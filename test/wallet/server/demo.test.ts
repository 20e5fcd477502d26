import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import { isWalletCode, parseCode } from '#contract/token.ts';
import { bind, enrol, newId, PIN } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

let wallet: OpenWallet;

beforeEach(async () => {
  wallet = await openWallet({ isDemo: true });
});

afterEach(() => wallet.close());

describe('the demo', () => {
  test('has six customers with money, one of them with hardly any, and a phone for each', async () => {
    const customers = (await (await fetch(`${wallet.base}/demo/customers`)).json()) as {
      name: string;
      balance: unknown;
      phoneUrl: string;
    }[];
    expect({
      customers: customers.map(({ name, balance }) => [name, balance]),
      phones: customers.every(({ phoneUrl }) => /^\/phone\/#bind=[0-9A-Z]{4}-[0-9A-Z]{6}$/.test(phoneUrl)),
    }).toEqual({
      customers: [
        ['Haru Tanaka', { amount: 12_000, currency: 'JPY' }],
        ['Mei Sato', { amount: 8_400, currency: 'JPY' }],
        ['Ren Suzuki', { amount: 3_000, currency: 'JPY' }],
        ['Aoi Watanabe', { amount: 120, currency: 'JPY' }],
        ['Sora Ito', { amount: 25_000, currency: 'JPY' }],
        ['Yui Nakamura', { amount: 5_600, currency: 'JPY' }],
      ],
      phones: true,
    });
  });

  test('plays a customer’s phone: each code is fresh and pays once', async () => {
    const terminal = await enrol(wallet.base, (await wallet.server.demo?.enrolmentCode()) ?? '', wallet.clock.nowMs);
    const codes = [await showCode(), await showCode()];
    const states = await Promise.all(
      [codes[0], codes[1], codes[1]].map(async (token = '') => {
        const settlement = await terminal.get(
          'putSettlement',
          { settlementId: attemptIdSchema.parse(newId()) },
          {
            checkId: checkIdSchema.parse(newId()),
            amount: { amount: 100, currency: 'JPY' },
            token,
            capturedAt: new Date(wallet.clock.nowMs()).toISOString(),
            mode: 'online',
          },
        );
        return settlement.state;
      }),
    );
    expect({ areCodes: codes.every(isWalletCode), differ: codes[0] !== codes[1], states: states.toSorted() }).toEqual({
      areCodes: true,
      differ: true,
      states: ['approved', 'approved', 'declined'],
    });
  });

  test('two of its customers can pay a shop without the network, from the first code on', async () => {
    const allowances: unknown[] = [];
    for (const customer of [1, 2, 3, 4, 5, 6]) {
      const parsed = parseCode(await showCode(customer));
      allowances.push(parsed.ok && parsed.code.claims.offlineAllowance);
    }
    const held = await wallet.books.db.selectFrom('account').select('held').where('held', '>', 0).execute();
    expect([allowances, held]).toEqual([
      [3_000, 0, 0, 0, 3_000, 0],
      [{ held: 3_000 }, { held: 3_000 }],
    ]);
  });

  test('a customer’s own phone, bound by the link, chooses a PIN and has an allowance of its own', async () => {
    await showCode();
    const [haru] = (await (await fetch(`${wallet.base}/demo/customers`)).json()) as [{ phoneUrl: string }];
    const phone = await bind(wallet.base, haru.phoneUrl.replace(/^.*#bind=/, ''), wallet.clock.nowMs);
    const issued = await phone.get('issueCredential', {}, { pin: PIN, method: 'contactless' });
    expect([issued.offlineAllowance.amount, (await phone.get('getWallet', {})).offlineAllowance]).toMatchObject([
      3_000,
      { chosen: { amount: 3_000 }, reserved: { amount: 6_000 } },
    ]);
  });

  test('makes its codes from one credential, and from a new one in time', async () => {
    const first = credentialIn(await showCode());
    wallet.clock.move(23 * 3_600_000);
    const same = credentialIn(await showCode());
    wallet.clock.move(3_600_000);
    expect([same === first, credentialIn(await showCode()) === first]).toEqual([true, false]);
  });

  test('keeps one enrolment code until it is used or half its life is over', async () => {
    const ask = async (): Promise<string> => {
      const response = await fetch(`${wallet.base}/demo/enrolment-code`);
      return ((await response.json()) as { enrolmentCode: string }).enrolmentCode;
    };
    const [first, again] = [await ask(), await ask()];
    await enrol(wallet.base, first, wallet.clock.nowMs);
    const second = await ask();
    wallet.clock.move(5 * 60_000 + 1);
    expect([again === first, second === first, (await ask()) === second]).toEqual([true, false, false]);
  });

  test.each([
    ['GET', '/demo/customers'],
    ['GET', '/demo/enrolment-code'],
    ['POST', '/demo/customers/01900000-0000-7000-8000-000000000001/code'],
  ])('%s %s is not there for a name that points here from elsewhere', async (method, path) => {
    expect([await statusOf(method, path, '127.0.0.1'), await statusOf(method, path, 'evil.example')]).toEqual([
      200, 404,
    ]);
  });

  test('is not there without being asked for', async () => {
    const plain = await openWallet();
    const statuses = await Promise.all(
      ['/demo/customers', '/demo/enrolment-code'].map(async (path) => (await fetch(plain.base + path)).status),
    );
    await plain.close();
    expect(statuses).toEqual([404, 404]);
  });
});

async function showCode(customer = 1): Promise<string> {
  const path = `/demo/customers/01900000-0000-7000-8000-00000000000${customer}/code`;
  const response = await fetch(wallet.base + path, { method: 'POST' });
  return ((await response.json()) as { code: string }).code;
}

function credentialIn(token: string): string {
  const parsed = parseCode(token);
  return parsed.ok ? Buffer.from(parsed.code.credential).toString('base64url') : 'none';
}

function statusOf(method: string, path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(wallet.base + path, { method, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once('error', reject).end();
  });
}
