import assert from 'node:assert';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ORPCError } from '@orpc/server';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Attempt } from '#contract/attempt.ts';
import type { CheckId } from '#contract/ids.ts';
import type { Tender } from '#contract/tender.ts';
import { Refused } from '#main/terminal/refused.ts';
import type { TerminalDatabase } from '#main/terminal/store/database.ts';
import { verifyTerminal } from '#main/terminal/verify.ts';
import { type ModelWallet, openModelWallet } from '#test/support/model-wallet.ts';
import {
  type Till,
  bread,
  cake,
  cashier,
  copyOfStore,
  customersCode,
  latte,
  openTill,
  owner,
  scanner,
  storeSetup,
  yen,
} from '#test/support/open-till.ts';
import { type Random, openRandom } from '#test/support/random.ts';
import { openTillClock, settled } from '#test/support/till-clock.ts';

// Hashing a PIN properly is slow on purpose, and thousands of restarts sign in again.
vi.mock('@node-rs/argon2', async () => {
  const { createHash } = await import('node:crypto');
  const hash = (pin: string): string => createHash('sha256').update(pin).digest('hex');
  return {
    hash: (pin: string) => Promise.resolve(hash(pin)),
    verify: (hashed: string, pin: string) => Promise.resolve(hash(pin) === hashed),
  };
});

/** WARIKAN_SEED=n repeats one schedule. */
const onlySeed = process.env['WARIKAN_SEED'];
const schedules = 2_000;
const portions = 8;
const stepsPerSchedule = 20;

const firstSeeds = Array.from({ length: portions }, (_, portion) => 1 + (portion * schedules) / portions);

test.each(onlySeed === undefined ? firstSeeds : [Number(onlySeed)])(
  'the books of till and wallet server agree after anything that can go wrong, seeds from %i',
  async (firstSeed) => {
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'warikan-explore-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const count = onlySeed === undefined ? schedules / portions : 1;
    for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
      try {
        await explore(seed, folder);
      } catch (error) {
        throw new Error(`schedule ${seed} went wrong: repeat it with WARIKAN_SEED=${seed}`, { cause: error });
      }
    }
  },
  120_000,
);

interface World {
  till: Till;
  readonly random: Random;
  readonly wallet: ModelWallet;
  readonly codes: string[];
  readonly disk: { failures: number };
}

async function explore(seed: number, folder: string): Promise<void> {
  const random = openRandom(seed);
  const clock = openTillClock();
  const wallet = openModelWallet(random, clock);
  const disk = { failures: 0 };
  const path = await copyOfStore(storeSetup(), join(folder, `${seed}.sqlite`));
  const open = { path, clock, wallet: wallet.port, wrap: failing(disk) };
  const world: World = { till: await openTill(open), random, wallet, codes: [], disk };
  const lives = [world.till];
  try {
    await world.till.client.staff.signIn(owner);
    for (let step = 0; step < stepsPerSchedule; step += 1) {
      const before = world.till;
      await takeStep(world);
      if (world.till !== before) lives.push(world.till);
      await settled();
    }
    await settle(world);
    checkBooks(world, seed);
  } finally {
    for (const till of lives) till.end();
    for (const ending of ['', '-wal', '-shm']) rmSync(`${path}${ending}`, { force: true });
  }
}

/** Something that a cashier, a customer or the world does. */
async function takeStep(world: World): Promise<void> {
  const { till, random, wallet, disk } = world;
  const { clock } = till;
  const checkId = random.pick(activeChecks(till));
  const front = frontOf(till);
  const done = (command: Promise<unknown>): Promise<void> => orRefused(command);
  switch (random.between(1, 24)) {
    case 1:
    case 2:
    case 3:
      scan(till, random.pick([latte, cake, bread, 'no such product']) ?? latte);
      return;
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
      if (!front) {
        scan(till, latte);
        return;
      }
      await done(
        till.client.pay.awaitWallet(
          random.percent(70) ? { checkId: front } : { checkId: front, amount: yen(random.between(1, 400)) },
        ),
      );
      scan(till, codeFor(world));
      return;
    case 9:
      if (front) await done(till.client.pay.takeCash({ checkId: front, tendered: yen(random.between(0, 1_500)) }));
      return;
    case 10:
      if (checkId) await done(till.client.pay.askNow({ checkId }));
      return;
    case 11:
    case 12:
      if (checkId) await done(till.client.pay.cancelAttempt({ checkId }));
      return;
    case 13:
      if (front) await done(till.client.pay.setAside({ checkId: front }));
      return;
    case 14:
      if (checkId) await done(till.client.check.recall({ checkId }));
      return;
    case 15: {
      const tender = random.pick(tendersOf(till));
      if (tender) await done(till.client.pay.takeBackTender({ checkId: tender.checkId, tenderId: tender.tenderId }));
      return;
    }
    case 16:
      if (front) {
        await done(
          random.percent(50) ? till.client.pay.leave({ checkId: front }) : till.client.check.undo({ checkId: front }),
        );
      }
      return;
    case 17:
      // Everything at once: two codes, cash, and a hand on the cancel button.
      if (!front) return;
      await done(till.client.pay.awaitWallet({ checkId: front }));
      scan(till, codeFor(world));
      scan(till, codeFor(world));
      await Promise.all([
        done(till.client.pay.takeCash({ checkId: front, tendered: yen(2_000) })),
        done(till.client.pay.cancelAttempt({ checkId: front })),
        done(till.client.pay.awaitWallet({ checkId: front })),
      ]);
      return;
    case 18:
      world.till = await till.restart();
      await done(world.till.client.staff.signIn(random.percent(50) ? owner : cashier));
      return;
    case 19:
      wallet.setUp(random.percent(50));
      return;
    case 20:
      disk.failures = random.between(1, 4);
      return;
    case 21:
      clock.setWall(random.pick([0, 0, 3_600_000, -3_600_000]) ?? 0);
      return;
    case 22:
    case 23:
      // A long silence, at the end of which the cashier gives up.
      await clock.advance(random.between(30_000, 60_000));
      for (const silent of unresolvedChecks(till)) await done(till.client.pay.cancelAttempt({ checkId: silent }));
      return;
    default:
      await clock.advance(random.between(10, 9_000));
  }
}

/** The world is good again: whatever is unknown is asked for and cancelled, until there is an outcome. */
async function settle(world: World): Promise<void> {
  const { till, wallet, disk } = world;
  disk.failures = 0;
  wallet.mend();
  await till.client.staff.signIn(owner);
  for (
    let minute = 0;
    minute < 6 && (minute < 2 || wallet.inTheAir > 0 || unresolvedChecks(till).length > 0);
    minute += 1
  ) {
    await till.clock.advance(60_000);
    for (const checkId of unresolvedChecks(till)) await orRefused(till.client.pay.cancelAttempt({ checkId: checkId }));
  }
}

function checkBooks({ till, wallet, codes }: World, seed: number): void {
  const attempts = rows<{ body: string }>(till, 'SELECT body FROM attempt ORDER BY attempt_id').map(
    ({ body }) => JSON.parse(body) as Attempt,
  );
  const ours = attempts.map(({ attemptId, state, amount }) => ({ attemptId, state, amount: amount.amount }));
  const theirs = new Map([...wallet.books].map(([attemptId, { settlement }]) => [attemptId, settlement]));

  const stuck = ours.filter(({ state }) => !['approved', 'declined', 'cancelled'].includes(state));
  expect(stuck, 'attempts without an outcome').toEqual([]);
  assert.equal(wallet.inTheAir, 0, 'everything has arrived');
  const bookedHere = ours
    .filter(({ state }) => state === 'approved')
    .map(({ attemptId, amount }) => [attemptId, amount]);
  const bookedThere = [...theirs]
    .flatMap(([attemptId, one]) => (one.state === 'approved' ? [[attemptId, one.amount.amount] as const] : []))
    .toSorted(byId);
  expect(bookedHere, 'what is booked here and there').toEqual(bookedThere);
  const paid = tendersOf(till).filter(({ type }) => type === 'wallet');
  expect(
    paid.map((tender) => [tender.type === 'wallet' && tender.attemptId, tender.amount.amount]).toSorted(byId),
    'wallet tenders',
  ).toEqual(bookedHere.toSorted(byId));
  for (const { due } of dues(till)) assert(due >= 0, 'nobody has paid more than the bill');
  if (seed % 10 === 0) expect(verifyTerminal(till.database).findings).toEqual([]);

  const said = till.logged.join('\n');
  const secrets = [...codes, owner.pin, cashier.pin, owner.name, cashier.name];
  expect(secrets.filter((secret) => said.includes(JSON.stringify(secret).slice(1, -1)))).toEqual([]);
}

function byId([left]: readonly unknown[], [right]: readonly unknown[]): number {
  return String(left) < String(right) ? -1 : 1;
}

function codeFor({ till, random, codes }: World): string {
  const code = (random.percent(8) ? random.pick(codes) : undefined) ?? customersCode(till.clock);
  codes.push(code);
  return code;
}

function scan(till: Till, text: string): void {
  const bytes = Buffer.from(text).toString('base64');
  till.devices.tell({
    type: 'scan',
    deviceId: scanner.deviceId,
    seq: 0,
    source: 'simulated',
    bytes,
    text,
    charset: 'utf-8',
    isLossy: false,
  });
}

/** Every so often the disk does not take a commit, before or after the work on it. */
function failing(disk: { failures: number }): (database: TerminalDatabase) => TerminalDatabase {
  return (database) => ({
    ...database,
    write: (work) =>
      database.write((writer) => {
        const result = work(writer);
        if (disk.failures === 0) return result;
        disk.failures -= 1;
        throw new Refused({ reason: 'storageFailed', detail: 'database or disk is full' });
      }),
  });
}

async function orRefused(command: Promise<unknown>): Promise<void> {
  try {
    await command;
  } catch (error) {
    if (!(error instanceof ORPCError && error.code === 'REFUSED')) throw error;
  }
}

function rows<Row>(till: Till, text: string): Row[] {
  return till.database.all({ text, values: [] }) as Row[];
}

function activeChecks(till: Till): CheckId[] {
  return rows<{ check_id: CheckId }>(
    till,
    `SELECT check_id FROM check_head WHERE state IN ('open', 'parked', 'paying')`,
  ).map((row) => row.check_id);
}

function unresolvedChecks(till: Till): CheckId[] {
  return rows<{ check_id: CheckId }>(
    till,
    `SELECT check_id FROM attempt WHERE state IN ('created', 'sent', 'unknown', 'cancelling')`,
  ).map((row) => row.check_id);
}

function frontOf(till: Till): CheckId | undefined {
  const front = rows<{ body: string }>(till, `SELECT body FROM check_head WHERE state IN ('open', 'paying')`)
    .map(({ body }) => JSON.parse(body) as { checkId: CheckId; isSetAside: boolean })
    .find(({ isSetAside }) => !isSetAside);
  return front?.checkId;
}

function tendersOf(till: Till): (Tender & { checkId: CheckId })[] {
  return rows<{ check_id: CheckId; body: string }>(till, 'SELECT check_id, body FROM tender ORDER BY taken_seq').map(
    ({ check_id: checkId, body }) => ({ ...(JSON.parse(body) as Tender), checkId }),
  );
}

/** What every bill still comes to, by its sale where it has one. */
function dues(till: Till): { due: number }[] {
  return rows<{ due: number }>(
    till,
    `SELECT sale.total - sum(json_extract(tender.body, '$.amount.amount')) AS due
     FROM sale JOIN tender USING (check_id) GROUP BY sale.check_id`,
  );
}
