import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import { openPostgres, type PostgresServer } from '#test/support/postgres.ts';
import { type Caller, enrol, makeAdmin, makeCaller, newId, openSession } from '#test/wallet/server/caller.ts';
import { openServerProcesses } from '#test/wallet/server/server-process.ts';

// Several whole server processes over one database, as an administrator starts them.

let postgres: PostgresServer;
let url: string;
let folder: string;
let databases = 0;
let keyFile: string;
const {
  start: launch,
  run,
  kill,
} = openServerProcesses(
  () => ['--keys', keyFile],
  () => ({ DATABASE_URL: url, WARIKAN_LOG: 'error' }),
);

beforeAll(async () => {
  postgres = await openPostgres({ inMemory: true });
});

afterAll(() => postgres.remove());

beforeEach(async () => {
  databases += 1;
  url = await postgres.createDatabase(`servers_${databases}`);
  folder = mkdtempSync(join(tmpdir(), 'warikan-servers-'));
  keyFile = join(folder, 'keys.json');
});

afterEach(async () => {
  await kill();
  rmSync(folder, { recursive: true });
});

describe('servers over one PostgreSQL', () => {
  test('know the same terminals, sessions and administrators, and the same settlement', async () => {
    const [first, second] = [await start(['--demo']), await start(['--demo'])];
    const terminal = await enrol(
      first,
      (await run(['--new-enrolment-code', '--store', 'Kissa Warikan', '--approved'])).stdout.trim(),
    );
    const session = await openSession(terminal, first);
    const there = makeCaller({ base: second, key: session.key, keyId: session.keyId });
    const settlementId = attemptIdSchema.parse(newId());
    const body = {
      checkId: checkIdSchema.parse(newId()),
      amount: { amount: 700, currency: 'JPY' },
      token: await showDemo(second),
      capturedAt: new Date().toISOString(),
      mode: 'online' as const,
    };
    const [one, other] = await Promise.all([
      session.get('putSettlement', { settlementId }, body),
      there.get('putSettlement', { settlementId }, body),
    ]);
    const token = (await run(['--new-admin-token', 'me'])).stdout.trim();
    const overviews = await Promise.all(
      [first, second].map((base) => makeAdmin(base, token).codeOf('adminOverview', {})),
    );
    const books = await run(['--books']);
    expect({ state: one.state, same: one, overviews, status: books.status }).toEqual({
      state: 'approved',
      same: other,
      overviews: ['ok', 'ok'],
      status: 0,
    });
    expect(JSON.parse(books.stdout)).toMatchObject({ settlements: [{ settlementId }], sum: 0, faults: [] });
  });

  test('hear of an approval and a revocation at once, whoever made it, also after the wire to the database was cut', async () => {
    const bases = [await start([]), await start([])];
    const code = (await run(['--new-enrolment-code', '--store', 'Kissa Warikan'])).stdout.trim();
    const enrolled = await enrol(bases[0] ?? '', code);
    const everywhere = bases.map((base) => makeCaller({ base, key: enrolled.key, keyId: enrolled.keyId }));
    const ask = (): Promise<string[]> => Promise.all(everywhere.map((one) => stateOf(one)));
    const { fingerprint } = await enrolled.get('getTerminal', {});
    const before = [await ask(), await ask()];
    const approved = await run(['--approve', enrolled.keyId, '--fingerprint', fingerprint]);
    const after = [await ask(), await ask()];
    await terminateOthers();
    const cut = await ask();
    const revoked = await run(['--revoke', enrolled.keyId]);
    expect({ before, approved: approved.stdout, after, cut, revoked: revoked.status, last: await ask() }).toEqual({
      before: Array.from({ length: 2 }, () => ['terminal_not_approved', 'terminal_not_approved']),
      approved: 'Approved: Kissa Warikan, Counter 1.\n',
      after: Array.from({ length: 2 }, () => ['not_found', 'not_found']),
      cut: ['not_found', 'not_found'],
      revoked: 0,
      last: ['device_revoked', 'device_revoked'],
    });
  });

  test('refuse a key file that is not the one of the books, and say why', async () => {
    await start([]);
    keyFile = join(folder, 'another.json');
    const { stderr, status } = await run(['--port', '0']);
    expect({
      isSaid: stderr.includes('The key file is not the one of these books'),
      isTrace: stderr.includes('    at '),
      status,
    }).toEqual({
      isSaid: true,
      isTrace: false,
      status: 1,
    });
  });

  test('say in a sentence that the database is not there', async () => {
    url = 'postgres://nobody@127.0.0.1:9/none';
    const { stderr, status } = await run([]);
    expect({ isSaid: stderr.includes('ECONNREFUSED'), isTrace: stderr.includes('    at '), status }).toEqual({
      isSaid: true,
      isTrace: false,
      status: 1,
    });
  });
});

/** Ends the connections of all servers, as a database that is restarted does. */
async function terminateOthers(): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await client.end();
}

async function stateOf(terminal: Caller): Promise<string> {
  for (;;) {
    const code = await terminal.codeOf('getSettlement', { settlementId: attemptIdSchema.parse(newId()) });
    // Whoever is told to come again does.
    if (code !== 'overloaded') return code;
  }
}

async function showDemo(base: string): Promise<string> {
  const response = await fetch(`${base}/demo/customers/01900000-0000-7000-8000-000000000001/code`, { method: 'POST' });
  return ((await response.json()) as { code: string }).code;
}

/** Resolves to where it answers. */
async function start(args: readonly string[]): Promise<string> {
  return (await launch(args)).base;
}
