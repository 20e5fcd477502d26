import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pinWaitMs } from '#main/terminal/people/staff.ts';
import { type Till, cashier, latte, openTill, owner, refusalOf } from '#test/support/open-till.ts';

const wrong = { staffId: cashier.staffId, pin: '86420975' };

function guess(till: Till) {
  return refusalOf(till.client.staff.signIn(wrong));
}

/** Guesses as soon as each is allowed. */
async function guessAgain(till: Till, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    const refusal = await guess(till);
    if (refusal.reason === 'pinThrottled') await till.clock.advance(refusal.waitMs);
  }
}

describe('wrong PINs', () => {
  test('cost nothing twice, then longer and longer, and a quarter of an hour from the tenth on', () => {
    expect(Array.from({ length: 12 }, (_, tries) => pinWaitMs(tries) / 1_000)).toEqual([
      0, 0, 0, 5, 15, 30, 60, 120, 300, 300, 900, 900,
    ]);
  });

  test('are told how many remain, then how long the wait is', async () => {
    const till = await openTill();

    expect([await guess(till), await guess(till), await guess(till), await guess(till)]).toEqual([
      { reason: 'pinWrong', triesUntilWait: 2 },
      { reason: 'pinWrong', triesUntilWait: 1 },
      { reason: 'pinThrottled', waitMs: 5_000, isLocked: false },
      { reason: 'pinThrottled', waitMs: 5_000, isLocked: false },
    ]);
  });

  test('hold up the right one too, until the wait is over', async () => {
    const till = await openTill();
    await guessAgain(till, 2);
    await guess(till);
    await till.clock.advance(4_999);
    expect(await refusalOf(till.client.staff.signIn(cashier))).toEqual({
      reason: 'pinThrottled',
      waitMs: 1,
      isLocked: false,
    });

    await till.clock.advance(1);

    expect(await till.client.staff.signIn(cashier)).toMatchObject({ staffId: 'ben' });
  });

  test('lock a person for a quarter of an hour after the tenth, and nobody else', async () => {
    const till = await openTill();
    await guessAgain(till, 9);

    expect(await guess(till)).toEqual({ reason: 'pinThrottled', waitMs: 900_000, isLocked: true });
    expect(await till.client.staff.signIn(owner)).toMatchObject({ staffId: 'aya' });
  });

  test('are forgotten with the right one', async () => {
    const till = await openTill();
    await guess(till);
    await guess(till);
    await till.client.staff.signIn(cashier);

    expect(await guess(till)).toEqual({ reason: 'pinWrong', triesUntilWait: 2 });
  });

  test('are not forgotten by a restart', async () => {
    const till = await openTill();
    await guess(till);
    await guess(till);
    await guess(till);
    await till.clock.advance(2_000);

    const after = await till.restart();

    expect(await refusalOf(after.client.staff.signIn(cashier))).toEqual({
      reason: 'pinThrottled',
      waitMs: 3e3,
      isLocked: false,
    });
  });

  test('in one burst meet the throttle one by one', async () => {
    const till = await openTill();

    const refusals = await Promise.all(Array.from({ length: 8 }, () => guess(till)));

    const throttled = { reason: 'pinThrottled', waitMs: 5_000, isLocked: false };
    expect(refusals).toEqual([
      { reason: 'pinWrong', triesUntilWait: 2 },
      { reason: 'pinWrong', triesUntilWait: 1 },
      ...Array.from({ length: 6 }, () => throttled),
    ]);
  });

  test('cost their wait and no more where the wall clock was set back by a day', async () => {
    const till = await openTill();
    await guess(till);
    await guess(till);
    await guess(till);
    till.clock.setWall(-86_400_000);
    expect(await guess(till)).toMatchObject({ waitMs: 5_000 });

    await till.clock.advance(5_000);

    expect(await till.client.staff.signIn(cashier)).toMatchObject({ staffId: 'ben' });
  });

  test('cost their wait where the wall clock was set forward by a day', async () => {
    const till = await openTill();
    await guess(till);
    await guess(till);
    await guess(till);
    till.clock.setWall(86_400_000);

    expect(await guess(till)).toMatchObject({ reason: 'pinThrottled', waitMs: 5_000 });
  });

  test('cost their wait once more, and no more, after a restart on a clock that was set back', async () => {
    const till = await openTill();
    await guess(till);
    await guess(till);
    await guess(till);
    till.clock.setWall(-86_400_000);
    const after = await till.restart();
    expect(await guess(after)).toMatchObject({ waitMs: 5_000 });

    await after.clock.advance(5_000);

    expect(await after.client.staff.signIn(cashier)).toMatchObject({ staffId: 'ben' });
  });
});

describe('who is signed in', () => {
  test('nobody, after a restart', async () => {
    const till = await openTill();
    await till.client.staff.signIn(owner);

    const after = await till.restart();

    expect((await after.state()).signedIn).toBeNull();
  });

  test('decides who may do anything at all', async () => {
    const till = await openTill();

    const refusals = [
      await till.scan(latte),
      await refusalOf(till.client.check.addProduct({ productId: 'latte' })),
      await refusalOf(till.client.sales.find({ text: '', offset: 0, limit: 10 })),
      await refusalOf(till.client.catalogue.import({ format: 'csv', content: '', isTrial: true })),
    ];

    const refusal = { reason: 'notSignedIn' };
    expect(refusals).toEqual([{ type: 'refused', refusal }, refusal, refusal, refusal]);
  });

  test('and in which role decides who may import', async () => {
    const till = await openTill();
    await till.client.staff.signIn(cashier);

    expect(await refusalOf(till.client.catalogue.import({ format: 'csv', content: '', isTrial: true }))).toEqual({
      reason: 'notPermitted',
    });
  });

  test('is somebody on the roster', async () => {
    const till = await openTill();
    expect(await refusalOf(till.client.staff.signIn({ staffId: 'zoe', pin: '1234' }))).toEqual({
      reason: 'staffUnknown',
    });
  });
});

test('a PIN stands in no file and in no log', async () => {
  const till = await openTill();
  await till.client.staff.signIn(cashier);
  await guess(till);
  await till.client.staff.signOut();

  const folder = dirname(till.path);
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('latin1'));

  expect(files.length).toBeGreaterThan(0);
  expect([...files, ...till.logged].filter((text) => text.includes(cashier.pin) || text.includes(wrong.pin))).toEqual(
    [],
  );
});
