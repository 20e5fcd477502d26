import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TerminalDatabase, openDatabase } from '#main/terminal/store/database.ts';
import { verifyTerminal } from '#main/terminal/verify.ts';
import { approved, declined } from '#test/support/scripted-wallet.ts';
import {
  type Till,
  bread,
  cake,
  cashier,
  customersCode,
  latte,
  openTill,
  owner,
  yen,
} from '#test/support/open-till.ts';

/** A day with something in every table: sales by cash and by wallet, a parked bill, one in the air, a wrong PIN. */
async function aDay(): Promise<Till> {
  const till = await openTill();
  await till.client.staff.signIn(cashier);
  await till.client.staff.signIn({ staffId: owner.staffId, pin: '0000' }).catch(() => undefined);
  await till.scan(latte);
  await till.client.pay.takeCash({ checkId: (await till.front()).checkId, tendered: yen(1_000) });
  await till.payByCode([cake]);
  await till.wallet.last('settle').reply(declined(till.wallet.last('settle')));
  const { checkId } = await till.front();
  await till.client.pay.awaitWallet({ checkId });
  await till.scan(customersCode(till.clock));
  await till.wallet.last('settle').reply(approved(till.wallet.last('settle')));
  await till.scan(bread);
  await till.client.check.park({ checkId: (await till.front()).checkId, label: 'window' });
  await till.scan(cake);
  await till.scan(latte);
  await till.client.check.undo({ checkId: (await till.front()).checkId });
  const { sales } = await till.client.sales.find({ text: '', offset: 0, limit: 1 });
  await till.client.sales.receipt({ saleId: sales[0]?.saleId as never, isReprint: true });
  const part = await till.client.pay.takeCash({ checkId: (await till.front()).checkId, tendered: yen(100) });
  expect(part.sale).toBeNull();
  await till.client.pay.awaitWallet({ checkId: (await till.front()).checkId });
  await till.scan(customersCode(till.clock));
  return till;
}

/** Does to the file what nothing of ours does. */
function tamper({ path }: { path: string }, ...statements: readonly string[]): void {
  const connection = new Sqlite(path);
  connection.exec('DROP TRIGGER journal_is_append_only_update; DROP TRIGGER journal_is_append_only_delete;');
  for (const statement of statements) connection.exec(statement);
  connection.close();
}

function found({ database }: { database: TerminalDatabase }): string {
  return verifyTerminal(database)
    .findings.map(({ where, problem }) => `${where}: ${problem}`)
    .join('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'warikan-day-'));
let day: Promise<string> | undefined;
let till: { readonly path: string; readonly database: TerminalDatabase };

/** The day is lived through once; each test has its own copy. */
beforeEach(async () => {
  day ??= live();
  const path = join(mkdtempSync(join(folder, 'copy-')), 'terminal.sqlite');
  copyFileSync(await day, path);
  till = { path, database: openDatabase(path) };
});
afterEach(() => {
  till.database.close();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function live(): Promise<string> {
  const path = join(folder, 'day.sqlite');
  const { database } = await aDay();
  const connection = new Sqlite(database.path);
  connection.prepare('VACUUM INTO ?').run(path);
  connection.close();
  return path;
}

describe('verify', () => {
  test('finds nothing in a day that was left alone', () => {
    const { findings, entries, tables, sales } = verifyTerminal(till.database);
    expect([findings, entries > 20, tables > 10, sales]).toEqual([[], true, true, 2]);
  });

  const lineAdded = `(SELECT min(seq) FROM journal WHERE type = 'line.added')`;

  test.each<[string, readonly string[], RegExp]>([
    [
      'a changed entry',
      [`UPDATE journal SET body = replace(body, '"amount":500', '"amount":5') WHERE seq = ${lineAdded}`],
      /journal entry \d+: its content was changed after it was written/,
    ],
    [
      'a changed author',
      [`UPDATE journal SET staff_id = 'zoe' WHERE seq = ${lineAdded}`],
      /journal entry \d+: its content was changed/,
    ],
    [
      'a changed hash',
      [`UPDATE journal SET hash = '${'ab'.repeat(32)}' WHERE seq = 5`],
      /journal entry 5: its content was changed[^]*journal entry 6: it does not follow the entry before it/,
    ],
    [
      'an entry taken out of the middle',
      ['DELETE FROM journal WHERE seq = 7'],
      /journal entry 8: entries 7 to 7 are missing/,
    ],
    [
      'an entry taken out, and the rest moved up',
      [
        'DELETE FROM journal WHERE seq = 7',
        'UPDATE journal SET seq = -seq',
        'UPDATE journal SET seq = CASE WHEN -seq > 7 THEN -seq - 1 ELSE -seq END',
      ],
      /journal entry 7: it does not follow the entry before it: an entry was removed, moved or put in/,
    ],
    [
      'two entries in the place of each other',
      [
        'UPDATE journal SET seq = -1 WHERE seq = 8',
        'UPDATE journal SET seq = 8 WHERE seq = 9',
        'UPDATE journal SET seq = 9 WHERE seq = -1',
      ],
      /journal entry 8: it does not follow the entry before it/,
    ],
    [
      'an end that was cut off',
      [`DELETE FROM journal WHERE type = 'attempt.sent' AND seq = (SELECT max(seq) FROM journal)`],
      /table attempt: holds .*which the journal does not say/,
    ],
    [
      'an entry that is no JSON',
      [`UPDATE journal SET body = '{' WHERE seq = 5`],
      /journal entry 5: the line cannot be read/,
    ],
    [
      'a beginning that was cut off',
      ['DELETE FROM journal WHERE seq = 1'],
      /journal entry 2: entries 1 to 1 are missing/,
    ],
    ...[
      'attempt',
      'barcode',
      'category',
      'check_head',
      'check_line',
      'modifier_group',
      'outbox',
      'pin_failure',
      'product',
      'sale',
      'setting',
      'staff',
      'tax_class',
      'tender',
    ].flatMap((table): [string, string[], RegExp][] => [
      [`a row that is gone from ${table}`, [`DELETE FROM ${table}`], new RegExp(`table ${table}: misses`)],
    ]),
    ...[
      ['attempt', `body = replace(body, '300', '301')`],
      ['barcode', `product_id = 'cake'`],
      ['category', `body = replace(body, 'Food', 'Fraud')`],
      ['check_head', `body = replace(body, 'aya', 'ben') || ' '`],
      ['check_line', `body = replace(body, '"isVoided":false', '"isVoided":true')`],
      ['outbox', `kind = 'cancel'`],
      ['pin_failure', 'tries = 9'],
      ['product', `body = replace(body, '500', '400')`],
      ['sale', 'copies = 7'],
      ['setting', `value = replace(value, 'Kissa', 'Bar')`],
      ['staff', `body = replace(body, 'cashier', 'owner')`],
      ['tax_class', `body = replace(body, '10', '8')`],
      ['tender', `body = replace(body, '100', '900')`],
    ].map(([table = '', change = '']): [string, string[], RegExp] => [
      `a changed row of ${table}`,
      [`UPDATE ${table} SET ${change}`],
      new RegExp(`table ${table}: holds .*which the journal does not say`),
    ]),
    [
      'a sale that is gone',
      ['DELETE FROM sale WHERE sequence = 1'],
      /table sale: misses[^]*sale 2: numbers 1 to 1 are missing/,
    ],
    [
      'a total that is wrong',
      [`UPDATE sale SET body = json_set(body, '$.totals.total.amount', 1) WHERE sequence = 1`],
      /sale 1: its tenders come to 500, its total is 1/,
    ],
    [
      'a tax table that is wrong',
      [`UPDATE sale SET body = json_set(body, '$.totals.taxes[0].gross.amount', 1) WHERE sequence = 1`],
      /sale 1: its tax table comes to 1, its total is 500/,
    ],
    [
      'change that is wrong',
      [`UPDATE sale SET body = json_set(body, '$.tenders[0].change.amount', 1) WHERE sequence = 1`],
      /sale 1: the change of its cash tender is wrong/,
    ],
    [
      'a wallet tender without its approval',
      [`UPDATE attempt SET state = 'cancelled' WHERE state = 'approved'`],
      /sale 2: its wallet tender rests on an attempt that is cancelled/,
    ],
    ['a sale that is no JSON', [`UPDATE sale SET body = '{' WHERE sequence = 1`], /sale 1: the sale cannot be read/],
    [
      'a sale in two currencies',
      [`UPDATE sale SET body = json_set(body, '$.tenders[0].amount.currency', 'USD') WHERE sequence = 1`],
      /sale 1: its sums cannot be checked: amounts of one currency/,
    ],
  ])('finds %s', (_, statements, finding) => {
    tamper(till, ...statements);
    expect(found(till)).toMatch(finding);
  });
});

describe('npm run verify', () => {
  async function run(...args: string[]): Promise<{ code: number; said: string }> {
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, ['main/verify.ts', ...args]);
      return { code: 0, said: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, said: stdout + stderr };
    }
  }

  test('says that everything agrees beside a terminal that runs, and ends with 0', async () => {
    const { code, said } = await run('--data', dirname(till.path));
    expect([code, said]).toEqual([
      0,
      expect.stringMatching(/2 checked: numbers, sums, tenders[^]*Everything agrees\.\n$/),
    ]);
  });

  test('names each difference, and ends with 1', async () => {
    tamper(till, 'UPDATE sale SET copies = 7');
    const { code, said } = await run('--data', dirname(till.path));
    expect([code, said]).toEqual([1, expect.stringMatching(/FOUND {5}table sale: misses[^]*not as it was written/)]);
  });

  test('says where it looked in vain, and ends with 1', async () => {
    expect(await run('--data', '/nowhere')).toEqual({
      code: 1,
      said: "There is no terminal's database at /nowhere/terminal.sqlite.\n",
    });
  });

  test('says how it is used, and ends with 2', async () => {
    expect(await run('--date', 'x')).toEqual({ code: 2, said: 'Usage: npm run verify -- --data DIR\n' });
  });
});
