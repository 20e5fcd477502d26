// The wallet server's own process: `npm run wallet`, or a child of the terminal. Only here are a clock, random bytes,
// files and sockets taken from the machine.
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { z } from 'zod';
import { uuidV7 } from '#contract/ids.ts';
import { operatorSchema } from '#contract/reload.ts';
import { publicKeySchema } from '#contract/wallet.ts';
import { openWalletServer, type WalletServer } from './app.ts';
import type { Clock } from './call.ts';
import { type Faults, noFaults, parseFaults } from './faults.ts';
import { defaultRates } from './http.ts';
import { checkKeyFile } from './key-file.ts';
import { openKeys } from './keys.ts';
import { type AdminTask, HELP, parseTask, type ServeTask, type Task } from './options.ts';
import { UnusableFile } from './store/database.ts';
import { serveBooks } from './store/place.ts';
import { UnusableDatabase } from './store/postgres.ts';
import { runTask } from './tasks.ts';

/** The parent's end of the wire, in a child process of Node or in Electron's utility process. */
interface Parent {
  send(message: unknown): void;
  onMessage(listen: (message: unknown) => void): void;
}

interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: 'message', listen: (event: { readonly data: unknown }) => void): void;
}

/** What a parent may say: to end, and which operators of payment means it has started. */
const toldSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('close') }),
  z.object({
    type: z.literal('operator'),
    operator: operatorSchema.extend({ url: z.url(), publicKey: publicKeySchema }),
  }),
]);

const PAGES = fileURLToPath(new URL('../../dist', import.meta.url));
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
    case 'serve':
      return serve(task);
    default:
      return administer(task);
  }
}

async function administer(task: AdminTask): Promise<void> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const isGood = await runTask(task, { clock, newId, random, print });
  if (!isGood) process.exitCode = 1;
}

async function serve(task: ServeTask): Promise<void> {
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
  const served = await serveBooks(task, clock, (error) => log.warn({ err: error }, 'a connection to the books broke'));
  const { books, ledger, changes, news } = served;
  mkdirSync(dirname(task.keyFile), { recursive: true, mode: 0o700 });
  const keys = openKeys(task.keyFile, clock);
  await checkKeyFile(books, keys);
  const server = await openWalletServer({
    books,
    ledger,
    changes,
    ...(news === undefined ? {} : { news }),
    keys,
    clock,
    newId,
    random,
    log,
    faults,
    isDemo: task.isDemo,
    phonePage: join(PAGES, 'phone'),
    adminPage: join(PAGES, 'admin'),
    trustedProxies: task.trustedProxies,
    ...(task.publicOrigin === undefined ? {} : { publicOrigin: task.publicOrigin }),
    ...(task.ratePerKey === undefined ? {} : { rates: ratesOf(task.ratePerKey) }),
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
      .then(() => served.close())
      .then(() => process.exit(0))
      .catch(fail);
  };
  process.once('SIGTERM', close);
  process.once('SIGINT', close);
  process.once('disconnect', close);
  const parent = findParent();
  parent?.onMessage((message) => {
    const told = toldSchema.safeParse(message);
    if (!told.success) return;
    if (told.data.type === 'close') close();
    else void server.putOperator(told.data.operator).catch((error: unknown) => log.error({ err: error }));
  });

  const { operatorKey } = server;
  const ready = { type: 'ready', port, operatorKey, ...(demoEnrolmentCode === undefined ? {} : { demoEnrolmentCode }) };
  parent?.send(ready);
  const host = task.host.includes(':') ? `[${task.host}]` : task.host;
  process.stdout.write(`wallet server ready at http://${host}:${port}\n`);
  if (task.announces) process.stdout.write(`${JSON.stringify(ready)}\n`);
}

/** Keeps a code that enrols the next terminal in a file beside the books, for as long as the demo runs. */
async function keepEnrolmentCode(demo: WalletServer['demo'], data: string | undefined): Promise<string | undefined> {
  if (demo === undefined) return undefined;
  let written: string | undefined;
  const write = async (): Promise<string> => {
    const code = await demo.enrolmentCode();
    if (code !== written && data !== undefined) writePrivately(join(data, ENROLMENT_CODE_FILE), `${code}\n`);
    written = code;
    return code;
  };
  setInterval(() => void write().catch(fail), RENEW_ENROLMENT_MS).unref();
  return write();
}

/** An address has at least ten of its keys. */
function ratesOf(perSecond: number): typeof defaultRates {
  const ofAddress = Math.max(defaultRates.perAddress.perSecond, 10 * perSecond);
  return {
    perKey: { perSecond, burst: 5 * perSecond },
    perAddress: { perSecond: ofAddress, burst: 5 * ofAddress },
  };
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

function writePrivately(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What the person at the keyboard can mend is one line; what only a bug can do shows where. */
function fail(error: unknown): void {
  const isTheirs =
    error instanceof UnusableFile ||
    error instanceof UnusableDatabase ||
    (error instanceof Error && 'code' in error && ('syscall' in error || 'severity' in error));
  process.stderr.write(`${isTheirs ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
