import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WalletEvent } from '#contract/wallet.ts';
import { bind, enrol, type EventReader, makeCaller, newId } from '#test/wallet/server/caller.ts';
import { type Meal, newAttemptId, newCheckId, openMeal, type Phone, repay, yen } from '#test/wallet/server/meal.ts';
import { type Events, openEvents } from '#wallet/server/events.ts';

let meal: Meal;
const readers: EventReader[] = [];

beforeEach(async () => {
  meal = await openMeal();
});

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await meal.close();
});

describe('a phone that listens', () => {
  test('hears what happens to it, in its order, and nothing of others', async () => {
    const [ofA, ofB] = [await listen(meal.a), await listen(meal.b)];
    const paid = await meal.payGroup(3_000);
    const share = paid.group?.shares[1];
    await repay(meal.b, share?.allotmentId ?? '', 400);
    await meal.settle(meal.c, 100);
    await meal.refund(paid, 900);
    await meal.settle(meal.a, 99_999);
    expect([await take(ofA, 4), await take(ofB, 3)].map((events) => events.map(({ type }) => type))).toEqual([
      ['settled', 'repaid', 'refunded', 'declined'],
      ['allotted', 'repaid', 'allotment_changed'],
    ]);
  });

  test('is told which row to read, and not what is in it', async () => {
    const ofB = await listen(meal.b);
    const paid = await meal.payGroup(3_000);
    expect(await ofB.next()).toEqual({
      eventId: expect.stringMatching(/^\d+$/) as string,
      type: 'allotted',
      at: meal.nowText(),
      refId: paid.group?.shares[1]?.allotmentId,
    });
  });

  test('S16: that was away resumes by Last-Event-ID without a gap and without a repetition', async () => {
    const first = await listen(meal.a);
    await meal.settle(meal.a, 1);
    const last = await first.next();
    first.close();
    // More than one reading holds; an hour goes by.
    const ids: (string | undefined)[] = [];
    for (let index = 0; index < 130; index++) {
      const settlementId = newAttemptId();
      ids.push(settlementId);
      await meal.wallet.ledger.book([await settleCommand(settlementId)]);
    }
    meal.wallet.clock.move(3_600_000);
    const again = await listen(meal.a, last.eventId);
    const missed = await take(again, ids.length);
    await meal.settle(meal.a, 2);
    const live = await again.next();
    expect([missed.map(({ refId }) => refId), live.type]).toEqual([ids, 'settled']);
    const eventIds = [last, ...missed, live].map(({ eventId }) => Number(eventId));
    expect(eventIds).toEqual(eventIds.toSorted((a, b) => a - b));
    expect(new Set(eventIds).size).toBe(132);
  });

  test('begins with what comes next where it names no event', async () => {
    await meal.settle(meal.a, 1);
    const ofA = await listen(meal.a);
    const next = await meal.settle(meal.a, 2);
    expect((await ofA.next()).refId).toBe(next.settlementId);
  });

  test('hears what another process committed', async () => {
    const ofA = await listen(meal.a);
    const settlementId = newAttemptId();
    // Not by way of this server's bookkeeper: nobody wakes anybody.
    await meal.wallet.ledger.book([await settleCommand(settlementId)]);
    expect((await ofA.next()).refId).toBe(settlementId);
  });

  test('hears a burst from many sides at once, each event once', async () => {
    const ofA = await listen(meal.a);
    const bodies = await Promise.all(Array.from({ length: 20 }, () => meal.bodyOf(meal.a, 10)));
    const paid = await Promise.all(
      bodies.map((body) => meal.terminal.get('putSettlement', { settlementId: newAttemptId() }, body)),
    );
    const heard = await take(ofA, 20);
    expect([heard.length, new Set(heard.map(({ refId }) => refId))]).toEqual([
      20,
      new Set(paid.map(({ settlementId }) => settlementId)),
    ]);
  });
});

describe('a terminal that listens', () => {
  test('row 40: hears that a phone joined and left, of one check or of the whole store', async () => {
    const [here, other] = [meal.checkId, newCheckId()];
    const [tableCode, otherCode] = [await seat(here), await seat(other)];
    const storeId = await meal.wallet.storeIdOf('Kissa Warikan');
    const ofStore = keep(await meal.terminal.events('storeEvents', { storeId }));
    const ofCheck = keep(await meal.terminal.events('checkEvents', { checkId: here }));

    const elsewhere = await meal.c.get('checkIn', {}, { tableCode: otherCode });
    const { checkInId } = await meal.b.get('checkIn', {}, { tableCode });
    // The second time nothing happens.
    await meal.b.get('leaveCheckIn', { checkInId });
    await meal.b.get('leaveCheckIn', { checkInId });
    const again = await meal.b.get('checkIn', {}, { tableCode });
    const event = (type: string, refId: string) => ({
      eventId: expect.any(String) as string,
      type,
      at: meal.nowText(),
      refId,
      checkId: here,
      detail: { tableId: expect.any(String) as string, memberRef: meal.refs.B, maskedName: 'Ben •••' },
    });
    const expected = [event('checked_in', checkInId), event('left', checkInId), event('checked_in', again.checkInId)];
    expect(await ofStore.next()).toMatchObject({ checkId: other, refId: elsewhere.checkInId });
    expect([await take(ofStore, 3), await take(ofCheck, 3)]).toEqual([expected, expected]);
    const next = await meal.wallet.terminalOf('Next door');
    await expect(next.events('storeEvents', { storeId })).rejects.toThrow('not_found');
    await expect(next.events('checkEvents', { checkId: here })).rejects.toThrow('not_found');
  });

  test('a check’s members hear that it changed, and are not told again of what is the same', async () => {
    const ofB = await listen(meal.b);
    const { guests } = meal.group();
    const put = () => meal.terminal.get('putMembers', { checkId: meal.checkId }, { label: 'Table 5', guests });
    const lines = [{ lineId: 'tea', name: 'tea', amount: 300 }];
    const consume = () => meal.terminal.get('putConsumption', { checkId: meal.checkId }, { currency: 'JPY', lines });
    for (const call of [put, put, consume, consume]) await call();
    await meal.settle(meal.b, 1);
    expect((await take(ofB, 3)).map(({ type, checkId }) => [type, checkId])).toEqual([
      ['check', meal.checkId],
      ['check', meal.checkId],
      ['settled', meal.checkId],
    ]);
  });
});

describe('reading the outbox', () => {
  let events: Events;
  const errors: unknown[] = [];

  beforeEach(() => {
    events = openEvents({
      books: meal.wallet.books,
      clock: meal.wallet.clock,
      onError: (error) => errors.push(error),
      // Nothing is found by looking: only by being woken.
      pollMs: 3_600_000,
    });
  });

  afterEach(() => {
    events.close();
    expect(errors.splice(0)).toEqual([]);
  });

  test('a listener who stopped is sent nothing more, not even in the middle of a reading', async () => {
    for (let index = 0; index < 3; index++) {
      await meal.wallet.ledger.book([await settleCommand(newAttemptId())]);
    }
    const stream = await events.ofWallet(meal.a.walletId);
    const heard: string[] = [];
    const second = Promise.withResolvers<void>();
    const stop = stream.open('0', ({ eventId }) => {
      heard.push(eventId);
      if (heard.length < 2) return;
      stop();
      second.resolve();
    });
    await second.promise;
    await wakeAndListen(events);
    expect(heard.length).toBe(2);
  });

  test('a commit while a listener’s rows are being read is not overlooked', async () => {
    const slow = slowBooks();
    const source = openEvents({ ...slow, clock: meal.wallet.clock, onError: fail, pollMs: 3_600_000 });
    const heard = Promise.withResolvers<string | undefined>();
    const stop = (await source.ofWallet(meal.a.walletId)).open(undefined, ({ refId }) => heard.resolve(refId));
    // Its first reading has found nothing, and has not come back yet.
    await slow.isReading;
    const settlementId = newAttemptId();
    await meal.wallet.ledger.book([await settleCommand(settlementId)]);
    source.wake();
    await slow.isHinted;
    slow.goOn();
    expect(await heard.promise).toBe(settlementId);
    stop();
    source.close();
  });

  /** Another listener hears something: whatever the first was due has been sent by then. */
  async function wakeAndListen(source: Events): Promise<void> {
    const done = Promise.withResolvers<void>();
    const stop = (await source.ofWallet(meal.a.walletId)).open(undefined, () => done.resolve());
    await meal.wallet.ledger.book([await settleCommand(newAttemptId())]);
    source.wake();
    await done.promise;
    stop();
  }
});

test('S4: a server that is killed between commit and answer loses no event', { timeout: 60_000 }, async () => {
  const data = mkdtempSync(join(tmpdir(), 'warikan-events-'));
  const first = await startDemo(data, ['--fault', 'kill-after-commit=1']);
  try {
    const terminal = await enrol(first.base, readFileSync(join(data, 'demo-enrolment-code'), 'utf8').trim());
    const customers = (await (await fetch(`${first.base}/demo/customers`)).json()) as { phoneUrl: string }[];
    const phone = await bind(first.base, customers[0]?.phoneUrl.replace(/^.*#bind=/, '') ?? '');
    const { lastEventId } = await phone.get('getWallet', {});
    const settlementId = newAttemptId();
    const body = { ...(await bodyFor(await phone.show())), mode: 'online' as const };
    await expect(terminal.call('putSettlement', { settlementId }, body)).rejects.toThrow('fetch failed');
    if (first.child.exitCode === null && first.child.signalCode === null) await once(first.child, 'exit');

    const second = await startDemo(data, []);
    try {
      const again = makeCaller({ base: second.base, keyId: phone.keyId, key: phone.key });
      const reader = keep(await again.events('walletEvents', {}, lastEventId));
      expect(await reader.next()).toMatchObject({ type: 'settled', refId: settlementId });
    } finally {
      second.child.kill('SIGKILL');
    }
  } finally {
    first.child.kill('SIGKILL');
    rmSync(data, { recursive: true });
  }
});

const PROCESS = fileURLToPath(new URL('../../../wallet/server/process.ts', import.meta.url));

/** Books whose answer to the first listener is held back. */
function slowBooks() {
  const [reading, hinted, gate] = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const listening = new WeakSet<object>();
  const db = meal.wallet.books.db.withPlugin({
    transformQuery: ({ node, queryId }) => {
      // Who listens reads whole rows; a hint does not.
      if (JSON.stringify(node).includes('SelectAllNode')) listening.add(queryId);
      return node;
    },
    transformResult: async ({ result, queryId }) => {
      if (listening.has(queryId)) {
        reading?.resolve();
        await gate?.promise;
      } else if (result.rows.some((row) => 'store_id' in row)) {
        setImmediate(() => hinted?.resolve());
      }
      return result;
    },
  });
  return {
    books: { ...meal.wallet.books, db },
    isReading: reading?.promise,
    isHinted: hinted?.promise,
    goOn: () => gate?.resolve(),
  };
}

function fail(error: unknown): never {
  throw error;
}

async function startDemo(data: string, args: readonly string[]): Promise<{ child: ChildProcess; base: string }> {
  const child = spawn(process.execPath, [PROCESS, '--data', data, '--port', '0', '--demo', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const base = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.once('exit', (code) => reject(new Error(`the wallet server ended with ${code} before it was ready`)));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /http:\/\/\S+/.exec(output)?.[0];
      if (found !== undefined) resolve(found);
    });
  });
  return { child, base };
}

async function bodyFor(token: string) {
  return { checkId: newCheckId(), amount: yen(100), token, capturedAt: new Date().toISOString() };
}

async function listen(phone: Phone, lastEventId?: string): Promise<EventReader> {
  return keep(await phone.events('walletEvents', {}, lastEventId));
}

/** Closed when the test is over. */
function keep(reader: EventReader): EventReader {
  readers.push(reader);
  return reader;
}

/** A check at a table of its own, whose code is returned. */
async function seat(checkId: ReturnType<typeof newCheckId>): Promise<string> {
  const tableId = newId();
  const { tableCode } = await meal.terminal.get('putTable', { tableId }, { name: 'Table' });
  await meal.terminal.get('putMembers', { checkId }, { label: 'Table', guests: [], tableId });
  return tableCode;
}

async function take(reader: EventReader, count: number): Promise<WalletEvent[]> {
  const events: WalletEvent[] = [];
  while (events.length < count) events.push(await reader.next());
  return events;
}

let counter = 0;

/** A settlement of A's that some other process books. */
async function settleCommand(settlementId: ReturnType<typeof newAttemptId>) {
  const atMs = meal.wallet.clock.nowMs();
  counter += 1;
  return {
    type: 'settle' as const,
    settlementId,
    storeId: await meal.wallet.storeIdOf('Kissa Warikan'),
    terminalId: newId() as never,
    checkId: meal.checkId,
    amount: yen(1),
    payer: {
      isGood: true as const,
      alias: 'elsewhere',
      counter,
      walletId: meal.a.walletId,
      perPaymentLimit: 1_000,
      offlineAllowance: yen(0),
      member: { memberRef: 'elsewhere', maskedName: 'Aoi', settlementMethod: 'shown_code' },
    },
    mode: 'online' as const,
    fee: 0,
    limits: { perPayment: 1_000, perDay: 1_000_000, perMonth: 1_000_000, day: 0, month: 0 },
    capturedAtMs: atMs,
    atMs,
  };
}
