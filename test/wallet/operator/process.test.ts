import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Authorisation } from '#contract/operator.ts';
import { makeKey, type TestKey } from '#test/support/wallet-keys.ts';
import { type Listener, makeAsker, newId, openListener, publicKeyOf, yen } from '#test/wallet/operator/open.ts';
import { OPERATOR_PROCESS, type OperatorProcess, startOperator } from '#test/wallet/operator/operator-process.ts';

let data: string;
let wallet: Listener;
let key: TestKey;
const started = new Set<OperatorProcess>();

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'warikan-operator-process-'));
  wallet = await openListener();
  key = makeKey();
});

afterEach(async () => {
  await Promise.all(Array.from(started, (operator) => operator.kill('SIGKILL')));
  await wallet.close();
  rmSync(data, { recursive: true });
});

async function start(): Promise<OperatorProcess> {
  const options = { data, operatorId: 'kumo', name: 'Kumo', walletUrl: wallet.url, walletKey: publicKeyOf(key) };
  const operator = await startOperator(options);
  started.add(operator);
  wallet.expectKey(operator.publicKey);
  return operator;
}

test('says one line when it is ready, tells its parent who it is, and ends in order', async () => {
  const first = await start();
  expect([first.operatorId, first.output()]).toEqual(['kumo', `operator kumo ready at ${first.base}\n`]);
  await first.kill('SIGTERM');

  const second = await start();
  second.child.disconnect();
  await once(second.child, 'exit');
  expect([first.child.exitCode, second.child.exitCode, second.publicKey]).toEqual([0, 0, first.publicKey]);
});

test('keeps its keys and books to its owner', async () => {
  await start();
  const modes = ['operator-keys.json', 'operator.sqlite', 'operator.sqlite-wal'].map(
    (name) => statSync(join(data, name)).mode & 0o777,
  );
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});

test.each([
  [['--port', 'x'], '--port is a number'],
  [['--nonsense'], 'nonsense'],
  [['--operator-id', 'Not Good'], '--operator-id is'],
  [['--wallet-url', 'wallet'], '--wallet-url is like'],
  [['--wallet-key', 'short'], '--wallet-key is'],
  [['--kinds', 'gold'], '--kinds are some of'],
  [['--name', ''], '--name says'],
])('%j is answered by a sentence', async (args, sentence) => {
  const good = [
    '--operator-id',
    'kumo',
    '--name',
    'Kumo',
    '--wallet-url',
    wallet.url,
    '--wallet-key',
    publicKeyOf(key),
  ];
  const child = spawn(process.execPath, [OPERATOR_PROCESS, '--data', data, ...good, ...args]);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  expect([stderr.includes(sentence), stderr.includes('    at '), child.exitCode]).toEqual([true, false, 2]);
});

test(
  'killed at any moment it has lost nothing that it answered, and tells all of it',
  { timeout: 60_000 },
  async () => {
    const answered = new Map<string, Authorisation>();
    let token: string | undefined;
    for (let round = 0; round < 4; round++) {
      const operator = await start();
      const asker = makeAsker(operator.base, key);
      token ??= (await asker.get('createToken', {}, { body: { setupToken: 'haru', kind: 'card' } })).token;
      const body = { token, amount: yen(100 * (round + 1)), capture: true };
      let answers = 0;
      await Promise.allSettled(
        Array.from({ length: 24 }, async (_, index) => {
          const authorisationId = newId();
          const params = { authorisationId };
          answered.set(authorisationId, await asker.get('putAuthorisation', params, { body }));
          if (index % 3 === 0) answered.set(authorisationId, await asker.get('reverseAuthorisation', params));
          answers += 1;
          if (answers === 4 + 3 * round) operator.child.kill('SIGKILL');
        }),
      );
      await operator.kill('SIGKILL');
    }

    const last = await start();
    const asker = makeAsker(last.base, key);
    const lost = [];
    for (const [authorisationId, answer] of answered) {
      const found = await asker.ask('getAuthorisation', { authorisationId });
      // A reverse that was booked but not answered may follow an answer.
      const isKept =
        typeof found !== 'string' &&
        (found.state === answer.state || (found.state === 'reversed' && answer.state === 'captured'));
      if (!isKept) lost.push(authorisationId);
    }
    const date = new Date().toISOString().slice(0, 10);
    const { rows } = await asker.get('getSettlementFile', {}, { query: { date } });
    await expect
      .poll(() => new Set(wallet.heard.map(({ sequence }) => sequence)), { timeout: 20_000 })
      .toEqual(new Set(rows.map(({ sequence }) => sequence)));
    expect({ lost, enough: answered.size > 30 }).toEqual({ lost: [], enough: true });
  },
);

test('ends at once though the wallet server hangs in the middle of a webhook', async () => {
  const hanging = createServer(() => {});
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const walletUrl = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  const operator = await startOperator({
    data,
    operatorId: 'kumo',
    name: 'Kumo',
    walletUrl,
    walletKey: publicKeyOf(key),
  });
  started.add(operator);
  const asker = makeAsker(operator.base, key);
  const { token } = await asker.get('createToken', {}, { body: { setupToken: 'haru', kind: 'card' } });
  const webhook = once(hanging, 'request');
  await asker.get(
    'putAuthorisation',
    { authorisationId: newId() },
    { body: { token, amount: yen(500), capture: true } },
  );
  await webhook;
  const startMs = performance.now();
  await operator.kill('SIGTERM');
  expect([operator.child.exitCode, performance.now() - startMs < 3_000]).toEqual([0, true]);
  hanging.closeAllConnections();
  hanging.close();
});
