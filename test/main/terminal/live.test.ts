import { describe, expect, onTestFinished, test } from 'vitest';
import type { TerminalEvent, TerminalState } from '#contract/terminal.ts';
import { approved } from '#test/support/scripted-wallet.ts';
import { type Till, cake, latte, openTill, owner, scanner } from '#test/support/open-till.ts';
import { settled } from '#test/support/till-clock.ts';

/** A screen that reads at once. */
async function openScreen(till: Till) {
  const abort = new AbortController();
  const stream = await till.client.events(undefined, { signal: abort.signal });
  const events: TerminalEvent[] = [];
  let hasEnded = false;
  const reading = (async () => {
    for await (const event of stream) events.push(event);
    hasEnded = true;
  })();
  onTestFinished(() => {
    abort.abort();
  });
  await settled();
  return {
    events,
    abort,
    reading,
    hasEnded: () => hasEnded,
    /** What the screen shows, from nothing but what it was sent. */
    state(): TerminalState | undefined {
      let state: TerminalState | undefined;
      for (const event of events) {
        if (event.type === 'snapshot') ({ state } = event);
        else if (event.type === 'changed' && state) state = Object.assign({}, state, event.parts);
      }
      return state;
    },
  };
}

describe('a screen', () => {
  test('is told everything first, then only the parts that changed', async () => {
    const till = await openTill();
    const screen = await openScreen(till);

    await till.client.staff.signIn(owner);
    await till.scan(latte);
    await settled();

    expect(screen.events.map((event) => (event.type === 'changed' ? Object.keys(event.parts) : event.type))).toEqual([
      'snapshot',
      ['signedIn', 'prompt'],
      ['check'],
      'scanned',
    ]);
    expect(screen.state()).toEqual(await till.state());
  });

  test('sees what any other screen sees', async () => {
    const till = await openTill();
    const one = await openScreen(till);
    await till.client.staff.signIn(owner);
    const other = await openScreen(till);
    await till.payByCode([latte, cake]);
    await till.wallet.last('settle').reply(approved(till.wallet.last('settle')));
    await till.scan(cake);
    await till.client.check.park({ checkId: (await till.front()).checkId });
    await settled();

    const state = await till.state();
    expect([one.state(), other.state()]).toEqual([state, state]);
  });

  test('is told of a sale and of how an attempt ended', async () => {
    const till = await openTill();
    const screen = await openScreen(till);
    const { checkId } = await till.payByCode([latte]);
    const call = till.wallet.last('settle');

    await call.reply(approved(call));
    await settled();

    const { lastSale } = await till.state();
    expect(screen.events.filter(({ type }) => type === 'attemptResolved' || type === 'saleClosed')).toEqual([
      { type: 'attemptResolved', checkId, attemptId: call.attemptId, state: 'approved' },
      { type: 'saleClosed', sale: lastSale, checkId },
    ]);
  });

  test('is told nothing where nothing changed', async () => {
    const till = await openTill();
    const screen = await openScreen(till);

    till.wallet.setLink((await till.state()).walletLink);
    await till.client.staff.signOut();
    await settled();

    expect(screen.events.map(({ type }) => type)).toEqual(['snapshot']);
  });

  test('is told of the link, of devices and of what they report', async () => {
    const till = await openTill();
    const screen = await openScreen(till);
    const link = { state: 'unreachable', since: '2026-11-23T00:00:00.000Z', detail: 'ECONNREFUSED' } as const;
    till.wallet.setLink(link);
    till.devices.tell({ type: 'state', deviceId: scanner.deviceId, kind: 'scanner', state: { state: 'ready' } });
    till.devices.tell({
      type: 'fault',
      deviceId: scanner.deviceId,
      seq: 1,
      code: 'frameTooLong',
      message: 'Scan it again.',
    });
    await settled();

    expect(screen.events.slice(1)).toEqual([
      { type: 'changed', parts: { walletLink: link } },
      {
        type: 'changed',
        parts: { devices: [{ deviceId: 'scanner', kind: 'scanner', state: { state: 'ready' }, isSimulated: true }] },
      },
      {
        type: 'scanned',
        outcome: { scanNumber: 1, deviceId: 'scanner', result: { type: 'fault', message: 'Scan it again.' } },
      },
    ]);
  });

  test('that does not read for long is given the whole state instead of a long past', async () => {
    const till = await openTill();
    await till.client.staff.signIn(owner);
    const slow = await till.client.events();
    const first = await slow.next();
    for (let tap = 0; tap < 300; tap += 1) await till.scan(tap % 2 === 0 ? latte : cake);

    const waiting: TerminalEvent[] = [];
    while (waiting.at(-1)?.type !== 'scanned' || waiting.length < 10) {
      const { value, done } = await slow.next();
      if (done === true) break;
      waiting.push(value);
      const lines = value.type === 'changed' ? value.parts.check?.lines.length : undefined;
      if (lines === 300) break;
    }
    await slow.return();

    expect([first.value, waiting[0]]).toMatchObject([{ type: 'snapshot' }, { type: 'snapshot' }]);
    expect(waiting.length).toBeLessThan(256);
  });

  test('that goes away is told nothing more', async () => {
    const till = await openTill();
    const screen = await openScreen(till);

    screen.abort.abort();
    await screen.reading.catch(() => undefined);
    await till.client.staff.signIn(owner);
    await settled();

    expect(screen.events.map(({ type }) => type)).toEqual(['snapshot']);
  });
});
