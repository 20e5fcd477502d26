import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync, writeSync, closeSync, chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { makePostgresFolder, openPostgres, type PostgresServer } from '#test/support/postgres.ts';
import { newId, openSmallBank, seedBank } from '#test/support/small-bank.ts';
import { ISSUER_ACCOUNT } from '#wallet/server/ledger/ledger.ts';
import { openPostgresLedger } from '#wallet/server/ledger/postgres.ts';
import { openPostgresBooks } from '#wallet/server/store/postgres.ts';

/** `WARIKAN_SERVER_KILLS=50` kills the booking server so often. */
const kills = Number(process.env['WARIKAN_SERVER_KILLS'] ?? 5);
const LIFE_MS = { least: 100, most: 700 };
const BANK_MS = 1_500;
const TIMEOUT_MS = 120_000 + kills * 10_000;

const undo: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

async function start(options: Parameters<typeof openPostgres>[0]): Promise<PostgresServer> {
  const server = await openPostgres(options);
  undo.push(() => server.remove());
  return server;
}

function during(ms: number): () => boolean {
  const endMs = performance.now() + ms;
  return () => performance.now() > endMs;
}

test(
  `a server that is killed with -9 while it books, ${kills} times: what it was told is so, once, with its event`,
  { timeout: TIMEOUT_MS },
  async () => {
    const server = await start({});
    const books = await openPostgresBooks(server.url);
    undo.push(() => books.close());
    const ledger = openPostgresLedger(books);
    const [storeId = '', ...wallets] = Array.from({ length: 31 }, newId);
    await seedBank(books, wallets, [storeId]);
    const amount = { amount: 5_000, currency: 'JPY' };
    const from = { type: 'reload' as const, fromAccount: ISSUER_ACCOUNT, amount, atMs: 0 };
    await ledger.book(wallets.map((walletId) => ({ ...from, walletId, reloadId: newId() })));

    const told = new Map<string, string>();
    for (let round = 0; round < kills; round++) {
      const script = fileURLToPath(new URL('./fixtures/booking.process.ts', import.meta.url));
      const child = spawn(process.execPath, [script, server.url, String(round), storeId, ...wallets], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const first = Promise.withResolvers<void>();
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [settlementId = '', state = ''] = line.split(' ');
        told.set(settlementId, state);
        first.resolve();
      });
      await first.promise;
      await pause(LIFE_MS.least + Math.random() * (LIFE_MS.most - LIFE_MS.least));
      child.kill('SIGKILL');
      await once(child, 'close');
    }

    // Whatever it had under way is over once its connections are.
    await expect
      .poll(
        async () => {
          const others = await books.pool.query<{ count: number }>(
            `select count(*) as count from pg_stat_activity where query like '%ledger_settle%' and pid <> pg_backend_pid()`,
          );
          return others.rows[0]?.count;
        },
        { timeout: 30_000 },
      )
      .toBe(0);
    const { settlements, sum, faults } = await ledger.readBooks();
    const states = new Map(settlements.map(({ settlementId, state }) => [settlementId, state]));
    expect([...told].filter(([settlementId, state]) => states.get(settlementId) !== state)).toEqual([]);
    expect({ sum, faults }).toEqual({ sum: 0, faults: [] });
    const events = await books.db
      .selectFrom('outbox')
      .select('ref_id')
      .where('type', 'in', ['settled', 'declined'])
      .execute();
    expect(events.map(({ ref_id: of }) => String(of)).toSorted()).toEqual([...states.keys()].toSorted());
    expect(told.size).toBeGreaterThan(0);
    process.stdout.write(`${told.size} of ${states.size} settlements were answered before a kill\n`);
  },
);

test('a backup and the log after it bring back the books of any instant', { timeout: TIMEOUT_MS }, async () => {
  const folder = makePostgresFolder('restore');
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const [archive, copy] = [join(folder, 'archive'), join(folder, 'copy')];
  const server = await start({
    settings: { archive_mode: 'on', archive_command: `mkdir -p ${archive} && cp %p ${archive}/%f` },
  });
  const books = await openPostgresBooks(server.url);
  undo.push(() => books.close());
  const ledger = openPostgresLedger(books);
  const bank = await openSmallBank(books, 1);
  await bank.work(ledger, during(BANK_MS));
  await server.run('pg_basebackup', ['--pgdata', copy, '--wal-method=none', '--checkpoint=fast', '--no-sync']);

  const working = Promise.all([bank.work(ledger, during(2 * BANK_MS)), bank.work(ledger, during(2 * BANK_MS))]);
  await pause(Math.random() * 2 * BANK_MS);
  const now = await books.pool.query<{ lsn: string; count: number }>(
    'select pg_current_wal_insert_lsn()::text as lsn, (select count(*) from settlement) as count',
  );
  const { lsn = '', count = 0 } = now.rows[0] ?? {};
  await working;
  const after = await ledger.readBooks();
  const { rows } = await books.pool.query<{ file: string }>('select pg_walfile_name(pg_switch_wal()) as file');
  await expect
    .poll(
      async () => {
        const { rows: archived } = await books.pool.query<{ last: string }>(
          'select last_archived_wal as last from pg_stat_archiver',
        );
        return (archived[0]?.last ?? '') >= (rows[0]?.file ?? 'z');
      },
      { timeout: 30_000 },
    )
    .toBe(true);

  writeFileSync(join(copy, 'recovery.signal'), '');
  const settings = {
    restore_command: `cp ${archive}/%f %p`,
    recovery_target_lsn: lsn,
    recovery_target_action: 'promote',
  };
  const restored = await start({ existing: { dataFolder: copy, password: server.password }, settings });
  const oldBooks = await openPostgresBooks(restored.url);
  undo.push(() => oldBooks.close());
  const before = await openPostgresLedger(oldBooks).readBooks();

  expect({ sum: before.sum, faults: before.faults }).toEqual({ sum: 0, faults: [] });
  expect(before.settlements.length).toBeGreaterThanOrEqual(count);
  expect(before.settlements.length).toBeLessThan(after.settlements.length);
  // What is there is there as it was: a settlement that was not cancelled does not change.
  const known = new Map(after.settlements.map((settlement) => [settlement.settlementId, settlement]));
  expect(before.settlements).toEqual(before.settlements.map(({ settlementId }) => known.get(settlementId)));
});

/** The disk of the log: so many bytes in memory, mounted for the test. */
const LOG_DISK = '24m';
const mountMissing = findMountable();
if (mountMissing !== undefined) process.stderr.write(`A full disk under the log is not tested: ${mountMissing}.\n`);

describe.skipIf(mountMissing !== undefined)('a full disk under the log', () => {
  test(
    'nothing is answered that is not kept, and all goes on when there is room again',
    { timeout: TIMEOUT_MS },
    async () => {
      const folder = makePostgresFolder('full-disk');
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      expect(spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${LOG_DISK}`, 'tmpfs', disk]).status).toBe(0);
      undo.push(() => {
        spawnSync('/bin/umount', ['--lazy', disk]);
        rmSync(folder, { recursive: true, force: true });
      });
      chmodSync(disk, 0o777);
      const server = await start({
        walFolder: join(disk, 'log'),
        settings: { min_wal_size: '2MB', max_wal_size: '4MB', wal_recycle: 'off' },
      });
      const books = await openPostgresBooks(server.url);
      undo.push(() => books.close());
      const ledger = openPostgresLedger(books);
      const bank = await openSmallBank(books, 2);
      await bank.work(ledger, during(BANK_MS));
      const answeredBefore = bank.answered();

      fill(join(disk, 'ballast'));
      let isOver = false;
      const working = Promise.all([bank.work(ledger, () => isOver), bank.work(ledger, () => isOver)]);
      await expect.poll(() => bank.troubles.length, { timeout: 60_000 }).toBeGreaterThan(5);
      rmSync(join(disk, 'ballast'));
      await server.kill();
      await server.start();
      const answeredFull = bank.answered();
      await expect.poll(() => bank.answered(), { timeout: 30_000 }).toBeGreaterThan(answeredFull + 100);
      isOver = true;
      await working;

      expect(await bank.check(ledger)).toEqual({ lost: 0, changed: 0, sum: 0, faults: [] });
      expect(answeredBefore).toBeGreaterThan(0);
    },
  );
});

/** Writes until there is no room. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(64 * 1_024, 1);
  try {
    for (;;) writeSync(file, block);
  } catch {
    // Full.
  }
  closeSync(file);
}

function findMountable(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount a small disk';
  const folder = makePostgresFolder('mount');
  try {
    const { status, stderr } = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], {
      encoding: 'utf8',
    });
    if (status !== 0) return `a small disk cannot be mounted here (${stderr.trim()})`;
    spawnSync('/bin/umount', [folder]);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
