import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { storeIdSchema, type TerminalId, terminalIdSchema } from '#contract/ids.ts';
import { newId } from '#test/wallet/server/caller.ts';
import { issuePairingCode, parsePairingCode } from '#wallet/server/pairing.ts';
import { openSigners, type Signers } from '#wallet/server/signers.ts';
import { openSqliteBooks, type SqliteBooks } from '#wallet/server/store/books.ts';
import { openDatabase } from '#wallet/server/store/database.ts';
import { openRegistry, type Registry } from '#wallet/server/store/registry.ts';
import { type SignerChanges, watchSqlite } from '#wallet/server/store/signer-changes.ts';

let folder: string;
let books: SqliteBooks;
let beside: SqliteBooks;
let terminalId: TerminalId;

/** How often the books were asked. */
let asked = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'warikan-signers-'));
  books = openSqliteBooks(openDatabase(join(folder, 'wallet.sqlite')));
  beside = openSqliteBooks(openDatabase(join(folder, 'wallet.sqlite')));
  terminalId = await enrol(openRegistry(books));
  asked = 0;
});

afterEach(async () => {
  await beside.close();
  await books.close();
  rmSync(folder, { recursive: true });
});

test('are asked for once, as long as nobody changes anything', async () => {
  const signers = open(watchSqlite(books.database));
  for (let turn = 0; turn < 5; turn++) await signers.find(terminalId);
  expect(asked).toBe(1);
});

test('that another process approved or revoked are what they are now, at once', async () => {
  const signers = open(watchSqlite(books.database));
  const states: unknown[] = [];
  const look = async (): Promise<void> => {
    const signer = await signers.find(terminalId);
    states.push(signer?.type === 'terminal' && [signer.isApproved, signer.isRevoked]);
  };
  await look();
  await openRegistry(beside).approveTerminal(terminalId, 2);
  await look();
  await openRegistry(beside).revoke(terminalId, 3);
  await look();
  expect(states).toEqual([
    [false, false],
    [true, false],
    [true, true],
  ]);
});

test('that this process changed are asked for again once it says so, also while somebody asks', async () => {
  const gate = Promise.withResolvers<void>();
  const registry = openRegistry(books);
  const signers = openSigners(
    {
      findSigner: async (keyId) => {
        const found = await registry.findSigner(keyId);
        await gate.promise;
        return found;
      },
    },
    watchSqlite(books.database),
  );
  const before = signers.find(terminalId);
  await registry.revoke(terminalId, 2);
  signers.forget();
  gate.resolve();
  await before;
  expect((await signers.find(terminalId))?.isRevoked).toBe(true);
});

test('are asked for each time while nobody can say whether anything changed', async () => {
  let epoch: number | undefined;
  const signers = open({ epoch: () => epoch, close: async () => {} });
  await signers.find(terminalId);
  await signers.find(terminalId);
  const unsure = asked;
  epoch = 1;
  await signers.find(terminalId);
  await signers.find(terminalId);
  epoch = undefined;
  await signers.find(terminalId);
  // The same number as before the gap says nothing of what happened in it.
  epoch = 1;
  await signers.find(terminalId);
  expect([unsure, asked]).toEqual([2, 5]);
});

function open(changes: SignerChanges): Signers {
  const registry = openRegistry(books);
  return openSigners(
    {
      findSigner: (keyId) => {
        asked += 1;
        return registry.findSigner(keyId);
      },
    },
    changes,
  );
}

async function enrol(registry: Registry): Promise<TerminalId> {
  const storeId = await registry.openStore({ storeId: storeIdSchema.parse(newId()), name: 'Kissa Warikan' });
  const secret = parsePairingCode(await issuePairingCode(registry, { storeId }, 0, (bytes) => randomBytes(bytes)));
  const id = terminalIdSchema.parse(newId());
  const claim = { publicKey: randomBytes(32), nowMs: 1, name: 'Counter', terminalId: id };
  if (secret === undefined) throw new Error('a code that was just made can be read');
  await registry.enrolTerminal({ ...secret, ...claim });
  return id;
}
