import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type OperatorProcess, startOperator } from '#test/wallet/operator/operator-process.ts';
import { bind, type TestPhone } from '#test/wallet/server/caller.ts';
import { newId, yen } from '#test/wallet/operator/open.ts';
import type { Books } from '#wallet/server/ledger/ledger.ts';

const WALLET_PROCESS = fileURLToPath(new URL('../../../../wallet/server/process.ts', import.meta.url));
const HARU = '01900000-0000-7000-8000-000000000001';
const readySchema = z.object({ port: z.int(), operatorKey: z.string() });

let data: string;
const children = new Set<ChildProcess>();
const operators = new Set<OperatorProcess>();

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'warikan-plug-'));
});

afterEach(async () => {
  await Promise.all([...Array.from(children, kill), ...Array.from(operators, (operator) => operator.kill('SIGKILL'))]);
  rmSync(data, { recursive: true });
});

test(
  'row 9: the plug is pulled on both servers again and again: every reload is credited once or not at all',
  {
    timeout: 180_000,
  },
  async () => {
    let wallet = await startWallet(0);
    const walletUrl = `http://127.0.0.1:${wallet.port}`;
    const start = async (): Promise<OperatorProcess> => {
      const operator = await startOperator({
        data: join(data, 'kumo'),
        operatorId: 'kumo',
        name: 'Kumo',
        walletUrl,
        walletKey: wallet.operatorKey,
      });
      operators.add(operator);
      const { base: url, publicKey } = operator;
      wallet.child.send({
        type: 'operator',
        operator: { operatorId: 'kumo', name: 'Kumo', url, publicKey, kinds: ['card'] },
      });
      return operator;
    };
    let kumo = await start();
    const phone = await bindHaru(walletUrl);
    const added = { operatorId: 'kumo', kind: 'card' as const, setupToken: 'haru' };
    await expect.poll(async () => phone.codeOf('addReloadMethod', {}, added)).toBe('ok');
    const { method } = await phone.get('addReloadMethod', {}, added);
    const { balance: before } = await phone.get('getWallet', {});

    const asked = new Map<string, number>();
    for (let round = 0; round < 3; round++) {
      let answers = 0;
      await Promise.allSettled(
        Array.from({ length: 12 }, async (_, index) => {
          const reloadId = newId();
          // All that an operator does but a later chargeback, which takes its time.
          const amount = index === 9 ? 320 : 300 + index;
          asked.set(reloadId, amount);
          await phone.call('putReload', { reloadId }, { methodId: method.methodId, amount: yen(amount) });
          answers += 1;
          if (answers === 1 + round) wallet.child.kill('SIGKILL');
          if (answers === 2 + round && round % 2 === 1) kumo.child.kill('SIGKILL');
        }),
      );
      await kill(wallet.child);
      wallet = await startWallet(wallet.port);
      await kumo.kill('SIGKILL');
      kumo = await start();
    }

    // What was never heard of is asked for once more, by the same id: the phone does not know what became of it.
    for (const [reloadId, amount] of asked) {
      await phone.call('putReload', { reloadId }, { methodId: method.methodId, amount: yen(amount) });
    }
    const statesOf = async (): Promise<ReadonlyMap<string, string>> => {
      const found = new Map<string, string>();
      for (const reloadId of asked.keys()) found.set(reloadId, (await phone.get('getReload', { reloadId })).state);
      return found;
    };
    // Until nothing is open on either side, and everything was told.
    const isQuiet = async (): Promise<boolean> =>
      readOperator('select count(*) as open from authorisation where next_at_ms is not null')[0]?.['open'] === 0 &&
      readOperator('select count(*) as open from event where due_at_ms is not null')[0]?.['open'] === 0 &&
      !Array.from((await statesOf()).values()).includes('pending');
    await expect.poll(isQuiet, { timeout: 90_000, interval: 500 }).toBe(true);

    const ours = await statesOf();
    const theirs = new Map(
      readOperator('select id, state from authorisation').map(({ id, state }) => [String(id), String(state)]),
    );
    const agreeing: Readonly<Record<string, string>> = {
      captured: 'credited',
      declined: 'declined',
      reversed: 'declined',
    };
    const differing = Array.from(ours).filter(([id, state]) => agreeing[theirs.get(id) ?? ''] !== state);
    const { entries } = await phone.get('listHistory', {}, undefined, { limit: '100' });
    const credits = entries.filter(({ kind, entryId }) => kind === 'reload' && asked.has(entryId)).length;
    const kept = Array.from(ours).filter(([, state]) => state === 'credited');
    const { balance: after } = await phone.get('getWallet', {});
    const { sum, faults } = await readBooks();
    expect({ differing, credits, grown: after.amount - before.amount, sum, faults }).toEqual({
      differing: [],
      credits: kept.length,
      grown: kept.reduce((total, [id]) => total + (asked.get(id) ?? 0), 0),
      sum: 0,
      faults: [],
    });
    expect(kept.length).toBeGreaterThan(10);
  },
);

function readOperator(sql: string): readonly Readonly<Record<string, unknown>>[] {
  const database = new Sqlite(join(data, 'kumo', 'operator.sqlite'), { readonly: true });
  try {
    return database.prepare<[], Record<string, unknown>>(sql).all();
  } finally {
    database.close();
  }
}

async function startWallet(port: number) {
  const args = [WALLET_PROCESS, '--data', data, '--port', String(port), '--demo'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  children.add(child);
  const [ready] = (await once(child, 'message')) as [unknown];
  return { child, ...readySchema.parse(ready) };
}

async function bindHaru(base: string): Promise<TestPhone> {
  const customers = (await (await fetch(`${base}/demo/customers`)).json()) as {
    customerId: string;
    phoneUrl: string;
  }[];
  const url = customers.find(({ customerId }) => customerId === HARU)?.phoneUrl ?? '';
  return bind(base, url.replace(/^.*bind=/, ''));
}

async function readBooks(): Promise<Books> {
  const child = spawn(process.execPath, [WALLET_PROCESS, '--data', data, '--books'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(output) as Books;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
