import type { Clock } from './call.ts';
import { makeAdminToken, revokeAdminTokens } from './admin-token.ts';
import { checkKeyFile } from './key-file.ts';
import { openKeys, rotateKeys } from './keys.ts';
import { readBooks } from './ledger/read-books.ts';
import type { AdminTask } from './options.ts';
import { issuePairingCode } from './pairing.ts';
import { openOperators } from './reload/operators.ts';
import { requestKeyOf } from './reload/operator-client.ts';
import { storeIdSchema, terminalIdSchema } from '#contract/ids.ts';
import type { Books } from './store/books.ts';
import { UnusableFile } from './store/database.ts';
import { openBooks } from './store/place.ts';
import { openRegistry } from './store/registry.ts';
import { listStores } from './stores.ts';
import { findTerminal, isSameFingerprint, listTerminals } from './terminals.ts';

export interface TaskTools {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly random: (bytes: number) => Uint8Array;
  readonly print: (text: string) => void;
}

const TOKEN_BYTES = 32;
const READERS: readonly AdminTask['type'][] = ['books', 'stores', 'terminals', 'operators'];

/**
 * Does what the administrator asked for at the keyboard. What he can mend is thrown as an {@link UnusableFile}.
 *
 * @returns false where the answer is that something is wrong
 */
export async function runTask(task: AdminTask, tools: TaskTools): Promise<boolean> {
  if (task.type === 'rotate-keys') return rotate(task, tools);
  const books = await openBooks(task, { isReader: READERS.includes(task.type) });
  try {
    return await runOnBooks(task, books, tools);
  } finally {
    await books.close();
  }
}

async function runOnBooks(
  task: Exclude<AdminTask, { type: 'rotate-keys' }>,
  books: Books,
  { clock, newId, random, print }: TaskTools,
): Promise<boolean> {
  const registry = openRegistry(books);
  const nowMs = clock.nowMs();
  switch (task.type) {
    case 'books': {
      const read = await readBooks(books);
      print(JSON.stringify(read, undefined, 2));
      return read.sum === 0 && read.faults.length === 0;
    }
    case 'stores':
      for (const { storeId, name } of await listStores(books)) print(`${storeId}  ${name}`);
      return true;
    case 'terminals':
      for (const { terminalId, storeName, name, fingerprint, state } of await listTerminals(books)) {
        print(`${terminalId}  ${fingerprint}  ${state.padEnd(17)}  ${storeName}: ${name}`);
      }
      return true;
    case 'operators':
      for (const row of await books.db.selectFrom('operator').selectAll().orderBy('id').execute()) {
        print(`${row.id}  ${row.url}  ${row.public_key.toString('base64url')}  ${row.name}`);
      }
      return true;
    case 'new-enrolment-code': {
      const storeId = await registry.openStore({ storeId: storeIdSchema.parse(newId()), name: task.store });
      print(await issuePairingCode(registry, { storeId, isApproved: task.isApproved }, nowMs, random));
      return true;
    }
    case 'approve':
      print(await approve(books, task, nowMs));
      return true;
    case 'revoke':
      if (!(await registry.revoke(task.keyId, nowMs))) throw new UnusableFile('No key of that name is in use.');
      print('Revoked: it signs nothing from now on.');
      return true;
    case 'new-admin-token':
      print(await makeAdminToken(books, { id: newId(), name: task.name, random: random(TOKEN_BYTES), atMs: nowMs }));
      return true;
    case 'revoke-admin-token':
      if (!(await revokeAdminTokens(books, task.name, nowMs))) throw new UnusableFile('Nobody of that name has one.');
      print('Revoked: they are good for nothing from now on.');
      return true;
    case 'add-operator': {
      const keys = openKeys(task.keyFile, clock);
      await checkKeyFile(books, keys);
      const key = requestKeyOf(keys);
      await openOperators({ books, key, clock, random }).put(task.operator);
      print(`Added. The operator listens to the wallet server that signs with ${key.publicKey}`);
      return true;
    }
  }
}

async function approve(books: Books, task: Extract<AdminTask, { type: 'approve' }>, nowMs: number): Promise<string> {
  const terminalId = terminalIdSchema.safeParse(task.terminalId);
  const terminal = terminalId.success ? await findTerminal(books, terminalId.data) : undefined;
  if (terminal === undefined) throw new UnusableFile('There is no such terminal.');
  if (terminal.state === 'revoked') throw new UnusableFile('The terminal was revoked: it must enrol anew.');
  if (!isSameFingerprint(terminal.fingerprint, task.fingerprint)) {
    throw new UnusableFile(`The fingerprint of this terminal is ${terminal.fingerprint}. Approve nothing else.`);
  }
  await openRegistry(books).approveTerminal(terminal.terminalId, nowMs);
  return `Approved: ${terminal.storeName}, ${terminal.name}.`;
}

function rotate(task: Extract<AdminTask, { type: 'rotate-keys' }>, { clock, print }: TaskTools): boolean {
  const begins = rotateKeys(task.keyFile, clock.nowMs(), task.isAtOnce);
  if (begins === undefined) throw new UnusableFile('The next key is published already and waits for its time.');
  print(`The new key signs from ${begins.toISOString()}.`);
  return true;
}
