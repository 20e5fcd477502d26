import { expect, onTestFinished, test } from 'vitest';
import { enrolOnce } from '#main/enrolment.ts';
import type { WalletReply } from '#main/terminal/paying/wallet-port.ts';

const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const embedded = { enrolmentCode: () => 'CODE-1', onReady: (run: () => void) => run() };

function enrol(wallet: { isEnrolled: boolean; inquiry: WalletReply }): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const stop = enrolOnce({
    wallet: {
      isEnrolled: () => wallet.isEnrolled,
      inquire: async () => {
        // What follows an answer is decided before the next turn of the event loop.
        setImmediate(() => resolve('left as it is'));
        return wallet.inquiry;
      },
      enrol: async (code) => {
        resolve(`enrolled by ${code}`);
        return { type: 'enrolled' };
      },
    },
    walletUrl: () => undefined,
    embedded,
    code: undefined,
    clock: { now: () => 0, monotonic: () => 0, after: () => () => {} },
    newId: () => '01930000-0000-7000-8000-000000000001',
    log: silentLog,
  });
  onTestFinished(stop);
  return promise;
}

const problem = (code: 'device_unknown' | 'device_revoked' | 'not_found'): WalletReply => ({
  type: 'problem',
  problem: { type: 'about:blank', title: code, status: 404, code },
});

test('a terminal without an identity is enrolled by the embedded server’s code', async () => {
  expect(await enrol({ isEnrolled: false, inquiry: problem('device_unknown') })).toBe('enrolled by CODE-1');
});

test('a terminal that the server knows is left as it is', async () => {
  expect(await enrol({ isEnrolled: true, inquiry: problem('not_found') })).toBe('left as it is');
});

test('a terminal whose server has begun new books is enrolled anew', async () => {
  expect(await enrol({ isEnrolled: true, inquiry: problem('device_unknown') })).toBe('enrolled by CODE-1');
});

test('row 33: a terminal that was revoked does not let itself in again', async () => {
  expect(await enrol({ isEnrolled: true, inquiry: problem('device_revoked') })).toBe('left as it is');
});

test('a server that does not answer changes nothing', async () => {
  const silence: WalletReply = { type: 'noAnswer', detail: 'cut' };
  expect(await enrol({ isEnrolled: true, inquiry: silence })).toBe('left as it is');
});
