import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Refused } from '#main/terminal/refused.ts';
import {
  FutureFile,
  type TerminalDatabase,
  UnreadableFile,
  openDatabase,
  openDatabaseForReading,
} from '#main/terminal/store/database.ts';
import { DataFolderInUse, lockDataFolder } from '#main/terminal/store/lock.ts';
import { verifyTerminal } from '#main/terminal/verify.ts';
import {
  cake,
  copyOfStore,
  latte,
  openTill,
  owner,
  refusalOf,
  storeSetup,
  temporaryFolder,
  yen,
} from '#test/support/open-till.ts';

function query(text: string) {
  return { text, values: [] };
}

describe('a file', () => {
  test('is written ahead and through to the disk at every commit', () => {
    const database = openDatabase(join(temporaryFolder(), 'terminal.sqlite'));
    expect(
      ['journal_mode', 'synchronous', 'foreign_keys'].map((name) => database.one(query(`PRAGMA ${name}`))),
    ).toEqual([{ journal_mode: 'wal' }, { synchronous: 2 }, { foreign_keys: 1 }]);
    database.close();
  });

  test.each(['WAL', 'DELETE'])('of a newer version is refused in words, and left as it was (%s)', (mode) => {
    const path = join(temporaryFolder(), 'terminal.sqlite');
    const newer = new Sqlite(path);
    newer.pragma(`journal_mode = ${mode}`);
    newer.exec('CREATE TABLE later (x)');
    newer.pragma('user_version = 99');
    newer.close();
    const before = readFileSync(path);

    for (const open of [openDatabase, openDatabaseForReading]) expect(() => open(path)).toThrow(FutureFile);
    expect(() => openDatabase(path)).toThrow(/newer version of Warikan \(format 99, this version knows \d+\)/);

    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('that is no database is refused in words, and left as it was', () => {
    const path = join(temporaryFolder(), 'terminal.sqlite');
    writeFileSync(path, 'these are not the bytes of a database, however often one reads them'.repeat(99));
    const before = readFileSync(path);

    for (const open of [openDatabase, openDatabaseForReading]) expect(() => open(path)).toThrow(UnreadableFile);

    expect([readFileSync(path).equals(before), readdirSync(dirname(path))]).toEqual([true, ['terminal.sqlite']]);
  });

  test('that belongs to another program is refused, and not a byte of it changes', () => {
    const path = join(temporaryFolder(), 'terminal.sqlite');
    const other = new Sqlite(path);
    other.exec('CREATE TABLE holiday (day TEXT); CREATE TABLE journal (entry TEXT)');
    other.close();
    const before = readFileSync(path);

    expect(() => openDatabase(path)).toThrow('it belongs to another program');

    expect([readFileSync(path).equals(before), readdirSync(dirname(path))]).toEqual([true, ['terminal.sqlite']]);
  });

  test('that is to be read only must be there', () => {
    const path = join(temporaryFolder(), 'terminal.sqlite');
    expect(() => openDatabaseForReading(path)).toThrow(UnreadableFile);
    expect(existsSync(path)).toBe(false);
  });

  test('that is open for reading cannot be written', () => {
    const path = join(temporaryFolder(), 'terminal.sqlite');
    openDatabase(path).close();
    const reader = openDatabaseForReading(path);
    const { write } = reader as TerminalDatabase;
    expect(() => write((writer) => writer.run(query('DELETE FROM journal')))).toThrow('storageFailed');
    reader.close();
  });
});

describe('a data folder', () => {
  test('is held by one terminal, and free when that lets go', () => {
    const folder = temporaryFolder();
    const lock = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(DataFolderInUse);
    lock.release();
    lockDataFolder(folder).release();
  });

  test('is held against another process, and free as soon as that one is killed', async () => {
    const folder = temporaryFolder();
    const script = `import { lockDataFolder } from '#main/terminal/store/lock.ts';
      lockDataFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1_000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      holder.kill('SIGKILL');
    });
    await once(holder.stdout, 'data');
    expect(() => lockDataFolder(folder)).toThrow(`already running on ${folder}`);

    holder.kill('SIGKILL');
    await once(holder, 'exit');

    lockDataFolder(folder).release();
  });
});

describe('a full disk', () => {
  /** 2 MiB that a test may fill; undefined where this machine lets nobody make them. */
  function smallDisk(): string | undefined {
    const folder = temporaryFolder();
    try {
      execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'pipe' });
    } catch {
      return undefined;
    }
    onTestFinished(() => {
      execFileSync('/bin/umount', ['-l', folder]);
    });
    return folder;
  }

  test('refuses a tap, changes nothing, and takes the next one when there is space again', async (context) => {
    const folder = smallDisk();
    if (folder === undefined) context.skip('a small disk cannot be mounted here: that takes root');
    const path = join(folder ?? '', 'terminal.sqlite');
    const till = await openTill({ path: await copyOfStore(storeSetup(), path) });
    await till.client.staff.signIn(owner);
    await till.scan(latte);
    const ballast = join(folder ?? '', 'ballast');
    fill(ballast);

    let before = await till.front();
    let refusal = await till.scan(cake);
    for (let tap = 0; refusal.type === 'added' && tap < 500; tap += 1) {
      before = await till.front();
      refusal = await till.scan(tap % 2 === 0 ? latte : cake);
    }

    expect(refusal).toMatchObject({ type: 'refused', refusal: { reason: 'storageFailed' } });
    expect(await till.front()).toEqual(before);
    const { checkId } = before;
    const cash = till.client.pay.takeCash({ checkId, tendered: yen(1_000_000) });
    expect((await refusalOf(cash)).reason).toBe('storageFailed');
    expect(await till.front()).toEqual(before);

    writeFileSync(ballast, '');
    await till.client.pay.takeCash({ checkId, tendered: yen(1_000_000) });

    expect([(await till.state()).lastSale?.total, verifyTerminal(till.database).findings]).toEqual([
      before.totals.total,
      [],
    ]);
  });

  test('that a projector meets is a refusal; anything else stays an error', () => {
    const database = openDatabase(join(temporaryFolder(), 'terminal.sqlite'));
    database.write((writer) => writer.run(query('CREATE TABLE ballast (bytes BLOB)')));
    database.one(query('PRAGMA max_page_count = 1'));

    expect(() =>
      database.write((writer) => writer.run(query('INSERT INTO ballast VALUES (zeroblob(1000000))'))),
    ).toThrow(Refused);
    expect(() => database.write((writer) => writer.run(query('INSERT INTO nowhere VALUES (1)')))).toThrow(
      Sqlite.SqliteError,
    );
    expect(database.all(query('SELECT * FROM ballast'))).toEqual([]);
    database.close();
  });
});

/** Writes until nothing more fits. */
function fill(path: string): void {
  for (let kilobytes = 2_048; kilobytes > 0; kilobytes -= 4) {
    try {
      writeFileSync(path, Buffer.alloc(kilobytes * 1_024, 1));
      return;
    } catch {
      writeFileSync(path, '');
    }
  }
}
