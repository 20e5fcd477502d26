import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attemptIdSchema } from '#contract/ids.ts';
import { type Asker, type Caller, enrol, makeAdmin, makeCaller, newId } from '#test/wallet/server/caller.ts';
import { openServerProcesses } from '#test/wallet/server/server-process.ts';

// What an administrator does at the keyboard, each time beside the running server.

let data: string;
const { start, run, kill } = openServerProcesses(() => ['--data', data]);

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'warikan-tasks-'));
});

afterEach(async () => {
  await kill();
  rmSync(data, { recursive: true });
});

test(
  'a terminal is enrolled by a code, compared, approved, listed and revoked, and each holds at once',
  { timeout: 120_000 },
  async () => {
    const { base } = await start([]);
    const terminal = await enrol(base, (await run(['--new-enrolment-code', '--store', 'Bar Mori'])).stdout.trim());
    const { fingerprint } = await terminal.get('getTerminal', {});
    const asked = [await ask(terminal)];
    const wrong = await run(['--approve', terminal.keyId, '--fingerprint', 'AAAA-AAAA-AAAA-AAAA-AAAA']);
    asked.push(await ask(terminal));
    await run(['--approve', terminal.keyId, '--fingerprint', fingerprint.toLowerCase()]);
    asked.push(await ask(terminal));
    const { stdout: listed } = await run(['--terminals']);
    await run(['--revoke', terminal.keyId]);
    asked.push(await ask(terminal));
    expect({
      asked,
      wrong: [wrong.status, wrong.stderr],
      listed,
      stores: (await run(['--stores'])).stdout,
      again: (await run(['--approve', terminal.keyId, '--fingerprint', fingerprint])).stderr,
    }).toEqual({
      asked: ['terminal_not_approved', 'terminal_not_approved', 'not_found', 'device_revoked'],
      wrong: [1, `The fingerprint of this terminal is ${fingerprint}. Approve nothing else.\n`],
      listed: `${terminal.keyId}  ${fingerprint}  active             Bar Mori: Counter 1\n`,
      stores: expect.stringMatching(/^[0-9a-f-]{36} {2}Bar Mori\n$/) as string,
      again: 'The terminal was revoked: it must enrol anew.\n',
    });
  },
);

test('a code that was approved beforehand enrols a terminal that works', async () => {
  const { base } = await start([]);
  const code = (await run(['--new-enrolment-code', '--store', 'Bar Mori', '--approved'])).stdout.trim();
  expect(await ask(await enrol(base, code))).toBe('not_found');
});

test(
  'an administrator’s token is printed once, opens the administration, and is revoked by its name',
  { timeout: 120_000 },
  async () => {
    const { base } = await start([]);
    const token = (await run(['--new-admin-token', 'me'])).stdout.trim();
    const admin: Asker = makeAdmin(base, token);
    const before = await admin.codeOf('adminOverview', {});
    await run(['--revoke-admin-token', 'me']);
    expect([before, await admin.codeOf('adminOverview', {})]).toEqual(['ok', 'admin_token_invalid']);
  },
);

test(
  'an operator is added and changed, is told the key to listen to, and is listed',
  { timeout: 120_000 },
  async () => {
    const { base } = await start([]);
    const key = Buffer.alloc(32, 7).toString('base64url');
    const add = ['--add-operator', 'kumo-card', '--name', 'Kumo Card', '--key', key, '--kinds', 'card,bank_account'];
    const added = await run([...add, '--url', 'https://old.example']);
    await run([...add, '--url', 'https://operator.example/']);
    const token = (await run(['--new-admin-token', 'me'])).stdout.trim();
    const { operators } = await makeAdmin(base, token).get('adminOverview', {});
    expect([added.stdout, operators, (await run(['--operators'])).stdout]).toEqual([
      expect.stringMatching(
        /^Added\. The operator listens to the wallet server that signs with [\w-]{43}\n$/,
      ) as string,
      [
        {
          operatorId: 'kumo-card',
          name: 'Kumo Card',
          kinds: ['card', 'bank_account'],
          url: 'https://operator.example',
        },
      ],
      `kumo-card  https://operator.example  ${key}  Kumo Card\n`,
    ]);
  },
);

test('the next signing key is announced ahead, and another one only after it', { timeout: 120_000 }, async () => {
  const { base } = await start([]);
  const before = await keysOf(base);
  const rotated = await run(['--rotate-keys']);
  const again = await run(['--rotate-keys']);
  await kill();
  const after = await keysOf((await start([])).base);
  const next = after.filter(({ keyId }) => !before.some((key) => key.keyId === keyId));
  const file = JSON.parse(readFileSync(join(data, 'wallet-keys.json'), 'utf8')) as { signing: unknown[] };
  expect({
    rotated: rotated.stdout,
    again: [again.status, again.stderr],
    counts: [before.length, after.length, file.signing.length],
    isAhead: next.map(({ notBefore }) => Date.parse(notBefore) > Date.now() + 7 * 24 * 3_600_000),
  }).toEqual({
    rotated: `The new key signs from ${next[0]?.notBefore}.\n`,
    again: [1, 'The next key is published already and waits for its time.\n'],
    counts: [1, 2, 2],
    isAhead: [true],
  });
});

async function keysOf(base: string) {
  return (await makeCaller({ base }).get('listKeys', {})).keys;
}

function ask(terminal: Caller): Promise<string> {
  return terminal.codeOf('getSettlement', { settlementId: attemptIdSchema.parse(newId()) });
}
