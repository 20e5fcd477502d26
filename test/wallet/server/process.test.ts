import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AttemptId, attemptIdSchema, checkIdSchema, refundIdSchema } from '#contract/ids.ts';
import type { Settlement, SettlementRequest } from '#contract/settlement.ts';
import { signRequest } from '#contract/signature.ts';
import { type Caller, enrol, makeCaller, newId } from '#test/wallet/server/caller.ts';
import { end, openServerProcesses, type Started } from '#test/wallet/server/server-process.ts';
import type { Books } from '#wallet/server/ledger/ledger.ts';

const HARU = '01900000-0000-7000-8000-000000000001';

let data: string;
const { start, run, kill: killAll } = openServerProcesses(() => ['--data', data]);

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'warikan-wallet-process-'));
});

afterEach(async () => {
  await killAll();
  rmSync(data, { recursive: true });
});

describe('the process', () => {
  test('says one plain line when it is ready, and ends in order when it is told to', async () => {
    const server = await start(['--demo']);
    expect(server.output()).toBe(`wallet server ready at ${server.base}\n`);
    await end(server.child, 'SIGTERM');
    expect(server.child.exitCode).toBe(0);
  });

  test('tells its parent the port and a code to enrol with, and closes when asked or left alone', async () => {
    const asked = await start(['--demo'], { ipc: true });
    expect(asked.ready).toMatchObject({ type: 'ready', port: Number(new URL(asked.base).port) });
    expect(readFileSync(join(data, 'demo-enrolment-code'), 'utf8').trim()).toBe(asked.ready?.demoEnrolmentCode);
    asked.child.send({ type: 'close' });
    await once(asked.child, 'exit');

    const left = await start(['--demo'], { ipc: true });
    left.child.disconnect();
    await once(left.child, 'exit');
    expect([asked.child.exitCode, left.child.exitCode]).toEqual([0, 0]);
  });

  test('has no demo where it was taken back', async () => {
    const server = await start(['--demo', '--no-demo']);
    expect((await fetch(`${server.base}/demo/customers`)).status).toBe(404);
  });

  test('keeps its keys and books to its owner', async () => {
    await start(['--demo']);
    const modes = ['wallet-keys.json', 'wallet.sqlite', 'wallet.sqlite-wal', 'demo-enrolment-code'].map(
      (name) => statSync(join(data, name)).mode & 0o777,
    );
    expect(modes).toEqual([0o600, 0o600, 0o600, 0o600]);
  });

  test('keeps customers and the demo’s money over restarts, and pays nobody twice', async () => {
    const first = await start(['--demo']);
    const terminal = await enrolDemo(first);
    await pay(terminal, await showDemo(first.base), 1_000);
    await end(first.child, 'SIGTERM');
    await start(['--demo']);
    const { balances, sum, faults } = await readBooks();
    expect({ haru: balances.find(({ account }) => account === HARU)?.balance, sum, faults }).toEqual({
      haru: 11_000,
      sum: 0,
      faults: [],
    });
  });

  test.each([
    [['--port', 'x'], '--port is a number'],
    [['--nonsense'], 'nonsense'],
    [['--public-origin', 'wallet'], '--public-origin is like'],
    [['--new-enrolment-code'], '--store NAME'],
    [['--approve', '01900000-0000-7000-8000-000000000001'], '--fingerprint F'],
    [['--approve', 'x', '--fingerprint', 'F'], 'There is no such terminal'],
    [['--revoke', 'x'], 'No key of that name'],
    [['--revoke-admin-token', 'x'], 'Nobody of that name'],
    [['--add-operator', 'Kumo'], '--add-operator ID is a short name'],
    [['--add-operator', 'kumo', '--name', 'Kumo', '--url', 'ftp://x'], '--url is where'],
    [
      ['--add-operator', 'kumo', '--name', 'Kumo', '--url', 'http://x', '--key', 'x'],
      '--key is the operator’s public key',
    ],
    [['--rate-per-key', '0'], '--rate-per-key is a number'],
    [['--fault', 'tea'], 'There is no such fault: tea'],
    [['--books'], 'There is no wallet in'],
  ])('%j is answered by a sentence', async (args, sentence) => {
    const { stderr, status } = await run(args);
    expect({ isSaid: stderr.includes(sentence), isTrace: stderr.includes('    at '), status: status !== 0 }).toEqual({
      isSaid: true,
      isTrace: false,
      status: true,
    });
  });

  test('that finds its port taken says so', async () => {
    const server = await start([]);
    const { stderr } = await run(['--port', new URL(server.base).port]);
    expect(stderr).toContain('EADDRINUSE');
  });
});

describe('when the plug is pulled', () => {
  test('between commit and answer: the same request after the restart gets the first answer', async () => {
    const first = await start(['--demo', '--fault', 'kill-after-commit=1']);
    const terminal = await enrolDemo(first);
    const settlementId = newAttemptId();
    const body = bodyOf(await showDemo(first.base), 1_000);
    await expect(terminal.call('putSettlement', { settlementId }, body)).rejects.toThrow('fetch failed');
    await gone(first.child);

    const second = await start(['--demo']);
    const again = moved(terminal, second.base);
    const inquiry = await again.get('getSettlement', { settlementId });
    expect({ inquiry: inquiry.state, same: await again.get('putSettlement', { settlementId }, body) }).toEqual({
      inquiry: 'approved',
      same: inquiry,
    });
    expect(await readBooks()).toMatchObject({ settlements: [{ settlementId, state: 'approved' }], sum: 0, faults: [] });
  });

  test('at any moment of a busy hour: what was answered is in the books, once', { timeout: 180_000 }, async () => {
    const answered = new Map<string, Settlement>();
    const asked = new Map<string, SettlementRequest>();
    let terminal: Caller | undefined;
    for (let round = 0; round < 6; round++) {
      const server = await start(['--demo'], { ipc: true });
      terminal = terminal === undefined ? await enrolDemo(server) : moved(terminal, server.base);
      const caller = terminal;
      const tokens = await Promise.all(Array.from({ length: 24 }, (_, index) => showDemo(server.base, index % 6)));
      const dueAnswers = 3 + 4 * round;
      let answers = 0;
      const counted = (settlement: Settlement): void => {
        answered.set(settlement.settlementId, settlement);
        answers += 1;
        if (answers === dueAnswers) server.child.kill('SIGKILL');
      };
      await Promise.allSettled(
        tokens.map(async (token, index) => {
          const settlementId = newAttemptId();
          const body = bodyOf(token, 1 + index);
          asked.set(settlementId, body);
          counted(await caller.get('putSettlement', { settlementId }, body));
          if (index % 3 === 0) counted(await caller.get('cancelSettlement', { settlementId }));
          if (index % 3 === 1) {
            const refundId = refundIdSchema.parse(newId());
            await caller.get('putRefund', { settlementId, refundId }, { amount: { amount: 1, currency: 'JPY' } });
          }
        }),
      );
      server.child.kill('SIGKILL');
      await gone(server.child);
    }

    const books = await readBooks();
    const inBooks = new Map(books.settlements.map((row) => [row.settlementId, row]));
    const lost = Array.from(answered.values()).filter(({ settlementId, state }) => {
      const row = inBooks.get(settlementId);
      // A cancel that was booked but not answered may follow an answer: of an approval it takes back what was booked.
      const wasCancelled = row?.state === 'cancelled' && row.wasBooked === (state === 'approved');
      return row === undefined || (row.state !== state && !wasCancelled);
    });
    expect({ lost, sum: books.sum, faults: books.faults, enough: answered.size > 40 }).toEqual({
      lost: [],
      sum: 0,
      faults: [],
      enough: true,
    });

    const last = await start(['--demo']);
    const caller = moved(terminal ?? makeCaller({ base: last.base }), last.base);
    const replays = await Promise.all(
      Array.from(asked, async ([id, body]) => {
        const settlementId = attemptIdSchema.parse(id);
        const before = inBooks.get(id);
        const answer = await caller.call('putSettlement', { settlementId }, body);
        const state = answer.ok ? answer.value.state : answer.problem.code;
        return before === undefined || state === before.state;
      }),
    );
    const after = await readBooks();
    expect({ same: replays.every(Boolean), sum: after.sum, faults: after.faults }).toEqual({
      same: true,
      sum: 0,
      faults: [],
    });
  });
});

describe('a fault', () => {
  test('drop-answer: the answer does not come, the money has moved once', async () => {
    const server = await start(['--demo', '--fault', 'drop-answer=1']);
    const terminal = await enrolDemo(server);
    const settlementId = newAttemptId();
    const body = bodyOf(await showDemo(server.base), 700);
    await expect(terminal.call('putSettlement', { settlementId }, body)).rejects.toThrow('fetch failed');
    expect(await terminal.get('putSettlement', { settlementId }, body)).toMatchObject({ state: 'approved' });
    expect(await readBooks()).toMatchObject({ settlements: [{ settlementId, amount: 700 }], faults: [] });
  });

  test('delay-answer: the answer comes late', async () => {
    const server = await start(['--demo', '--fault', 'delay-answer=300']);
    const terminal = await enrolDemo(server);
    const startMs = performance.now();
    await pay(terminal, await showDemo(server.base), 700);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(295);
  });

  test('answer-twice: the bytes of the answer come twice on the wire, and the money moves once', async () => {
    const server = await start(['--demo', '--fault', 'answer-twice']);
    const terminal = await enrolDemo(server);
    const { port } = new URL(server.base);
    const settlementId = newAttemptId();
    const body = JSON.stringify(bodyOf(await showDemo(server.base), 700));
    const path = `/v1/settlements/${settlementId}`;
    const signed = await signRequest({
      method: 'PUT',
      url: server.base + path,
      body,
      keyId: terminal.keyId,
      created: Math.floor(Date.now() / 1_000),
      nonce: 'a-nonce-of-16-chars',
      sign: terminal.key.sign,
    });
    const headers = {
      host: `127.0.0.1:${port}`,
      ...signed,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const received = await exchange(Number(port), `PUT ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
    const answers = received.split(/(?=HTTP\/1\.1 )/);
    expect({
      answers: answers.length,
      same: answers[0] === answers[1],
      isYes: received.includes('"approved"'),
    }).toEqual({
      answers: 2,
      same: true,
      isYes: true,
    });
    expect(await readBooks()).toMatchObject({ settlements: [{ settlementId, amount: 700 }], sum: 0, faults: [] });
  });

  test('busy: the first requests are answered 503', async () => {
    const server = await start(['--demo', '--fault', 'busy=1']);
    const terminal = await enrolDemo(server);
    const settlementId = newAttemptId();
    const params = { settlementId };
    const [first, second] = [
      await terminal.codeOf('cancelSettlement', params),
      await terminal.codeOf('cancelSettlement', params),
    ];
    expect([first, second]).toEqual(['overloaded', 'ok']);
  });
});

async function readBooks(): Promise<Books> {
  return JSON.parse((await run(['--books'])).stdout) as Books;
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

async function enrolDemo(server: Started): Promise<Caller> {
  return enrol(server.base, readFileSync(join(data, 'demo-enrolment-code'), 'utf8').trim());
}

/** The code that the demo's customer number `index` shows. */
async function showDemo(base: string, index = 0): Promise<string> {
  const walletId = HARU.replace(/1$/, String(index + 1));
  const response = await fetch(`${base}/demo/customers/${walletId}/code`, { method: 'POST' });
  return ((await response.json()) as { code: string }).code;
}

async function pay(terminal: Caller, token: string, amount: number): Promise<Settlement> {
  return terminal.get('putSettlement', { settlementId: newAttemptId() }, bodyOf(token, amount));
}

function bodyOf(token: string, amount: number): SettlementRequest {
  const capturedAt = new Date().toISOString();
  return {
    checkId: checkIdSchema.parse(newId()),
    amount: { amount, currency: 'JPY' },
    token,
    capturedAt,
    mode: 'online',
  };
}

/** The same terminal, calling the server at its new address. */
function moved({ key, keyId }: Caller, base: string): Caller {
  return makeCaller({ base, key, keyId });
}

function newAttemptId(): AttemptId {
  return attemptIdSchema.parse(newId());
}

/** What comes back on one connection, up to the end of the second answer. */
async function exchange(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).once('close', () => resolve());
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
      if (received.match(/\}\}/g)?.length === 2) resolve();
    });
    socket.write(request);
  });
  socket.destroy();
  return received;
}
