// The wallet server's own process: `npm run wallet`, or a child of the terminal. Only here are a clock, random bytes,
// files and sockets taken from the machine.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { storeIdSchema, uuidV7 } from '#contract/ids.ts';
import { openWalletServer } from './app.ts';
import type { Clock } from './call.ts';
import type { Demo } from './demo.ts';
import { type Faults, noFaults, parseFaults } from './faults.ts';
import { openKeys } from './keys.ts';
import { readBooks } from './ledger/read-books.ts';
import { openSqliteLedger } from './ledger/sqlite.ts';
import { HELP, parseTask, type Task } from './options.ts';
import { issuePairingCode } from './pairing.ts';
import { openSqliteBooks } from './store/books.ts';
import { openDatabase, openReader, UnusableFile } from './store/database.ts';
import { openRegistry } from './store/registry.ts';

/** The parent's end of the wire, in a child process of Node or in Electron's utility process. */
interface Parent {
  send(message: unknown): void;
  onMessage(listen: (message: unknown) => void): void;
}

interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: 'message', listen: (event: { readonly data: unknown }) => void): void;
}

const PHONE_PAGE = fileURLToPath(new URL('../../dist/phone', import.meta.url));
const ENROLMENT_CODE_FILE = 'demo-enrolment-code';
const RENEW_ENROLMENT_MS = 15_000;
const CLOSE_DEADLINE_MS = 5_000;
const EXIT_WRONG = 2;

const clock: Clock = { nowMs: () => Date.now() };
const random = (bytes: number): Uint8Array => randomBytes(bytes);
const newId = (): string => uuidV7(Date.now(), randomBytes(10));

await main(parseTask(process.argv.slice(2), process.env)).catch(fail);

async function main(task: Task): Promise<void> {
  switch (task.type) {
    case 'help':
      process.stdout.write(HELP);
      return;
    case 'wrong':
      process.stderr.write(`${task.message}\n\n${HELP}`);
      process.exitCode = EXIT_WRONG;
      return;
    case 'books':
      return printBooks(task.data);
    case 'new-enrolment-code':
      return printEnrolmentCode(task.data, task.store);
    case 'serve':
      return serve(task);
  }
}

async function serve(task: Extract<Task, { type: 'serve' }>): Promise<void> {
  mkdirSync(task.data, { recursive: true, mode: 0o700 });
  const log = pino(
    {
      name: 'wallet',
      level: process.env['WARIKAN_LOG'] ?? 'warn',
      // Nothing logs these; should somebody try, they stay out all the same.
      redact: ['token', 'code', 'pin', '*.token', '*.code', '*.pin', '*.credential', '*.headers'],
    },
    pino.destination({ dest: 2, sync: true }),
  );
  const faults = faultsOf(task.faults);
  if (faults !== noFaults) log.warn({ faults: task.faults }, 'this server makes faults on purpose');
  const books = openSqliteBooks(openDatabase(databasePath(task.data)));
  const server = await openWalletServer({
    books,
    ledger: openSqliteLedger(books),
    registry: openRegistry(books),
    keys: openKeys(join(task.data, 'wallet-keys.json'), clock.nowMs()),
    clock,
    newId,
    random,
    log,
    faults,
    isDemo: task.isDemo,
    phonePage: PHONE_PAGE,
    ...(task.publicOrigin === undefined ? {} : { publicOrigin: task.publicOrigin }),
  });
  const port = await server.listen({ host: task.host, port: task.port });
  const demoEnrolmentCode = await keepEnrolmentCode(server.demo, task.data);

  let isClosing = false;
  const close = (): void => {
    if (isClosing) return;
    isClosing = true;
    setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS).unref();
    void server
      .close()
      .then(() => books.close())
      .then(() => process.exit(0))
      .catch(fail);
  };
  process.once('SIGTERM', close);
  process.once('SIGINT', close);
  process.once('disconnect', close);
  const parent = findParent();
  parent?.onMessage((message) => {
    if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'close') close();
  });

  const ready = { type: 'ready', port, ...(demoEnrolmentCode === undefined ? {} : { demoEnrolmentCode }) };
  parent?.send(ready);
  const host = task.host.includes(':') ? `[${task.host}]` : task.host;
  process.stdout.write(`wallet server ready at http://${host}:${port}\n`);
  if (task.announces) process.stdout.write(`${JSON.stringify(ready)}\n`);
}

/** Keeps a code that enrols the next terminal in a file beside the books, for as long as the demo runs. */
async function keepEnrolmentCode(demo: Demo | undefined, data: string): Promise<string | undefined> {
  if (demo === undefined) return undefined;
  let written: string | undefined;
  const write = async (): Promise<string> => {
    const code = await demo.enrolmentCode();
    if (code !== written) writePrivately(join(data, ENROLMENT_CODE_FILE), `${code}\n`);
    written = code;
    return code;
  };
  setInterval(() => void write().catch(fail), RENEW_ENROLMENT_MS).unref();
  return write();
}

async function printEnrolmentCode(data: string, storeName: string): Promise<void> {
  const books = openSqliteBooks(openDatabase(databasePath(data)));
  try {
    const registry = openRegistry(books);
    const storeId = await registry.openStore({ storeId: storeIdSchema.parse(newId()), name: storeName });
    const code = await issuePairingCode(registry, { storeId }, clock.nowMs(), random);
    process.stdout.write(`${code}\n`);
  } finally {
    await books.close();
  }
}

async function printBooks(data: string): Promise<void> {
  const path = databasePath(data);
  if (!existsSync(path)) throw new UnusableFile(`There is no wallet in ${data}.`);
  const books = openSqliteBooks(openReader(path));
  try {
    const read = await readBooks(books);
    process.stdout.write(`${JSON.stringify(read, undefined, 2)}\n`);
    if (read.sum !== 0 || read.faults.length > 0) process.exitCode = 1;
  } finally {
    await books.close();
  }
}

function faultsOf(texts: readonly string[]): Faults {
  if (texts.length === 0) return noFaults;
  const faults = parseFaults(texts, () => process.kill(process.pid, 'SIGKILL'));
  if (faults === undefined) throw new UnusableFile(`There is no such fault: ${texts.join(', ')}`);
  return faults;
}

function findParent(): Parent | undefined {
  const port = (process as { parentPort?: UtilityPort }).parentPort;
  if (port !== undefined) {
    return {
      send: (message) => port.postMessage(message),
      onMessage: (listen) => port.on('message', ({ data }) => listen(data)),
    };
  }
  if (process.send === undefined) return undefined;
  return {
    send: (message) => process.send?.(message),
    onMessage: (listen) => process.on('message', listen),
  };
}

function databasePath(data: string): string {
  return join(data, 'wallet.sqlite');
}

function writePrivately(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What the person at the keyboard can mend is one line; what only a bug can do shows where. */
function fail(error: unknown): void {
  const isTheirs = error instanceof UnusableFile || (error instanceof Error && 'code' in error && 'syscall' in error);
  process.stderr.write(`${isTheirs ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
