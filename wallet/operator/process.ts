// The operator's own process: alone, or a child of the wallet server's demo. Only here are a clock, random bytes, files
// and sockets taken from the machine.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pino from 'pino';
import { uuidV7 } from '#contract/ids.ts';
import { openDatabase, UnusableFile } from './database.ts';
import { openKeys } from './keys.ts';
import { openOperator } from './operator.ts';
import { HELP, parseTask, type Task } from './options.ts';

interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: 'message', listen: (event: { readonly data: unknown }) => void): void;
}

const CLOSE_DEADLINE_MS = 5_000;
const EXIT_WRONG = 2;

await main(parseTask(process.argv.slice(2))).catch(fail);

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
  }
}

async function serve({ data, announces, ...task }: Extract<Task, { type: 'serve' }>): Promise<void> {
  const log = pino(
    {
      name: `operator ${task.operatorId}`,
      level: process.env['WARIKAN_LOG'] ?? 'warn',
      // Nothing logs these; should somebody try, they stay out all the same.
      redact: ['setupToken', 'token', '*.setupToken', '*.token', '*.headers', '*.body'],
    },
    pino.destination({ dest: 2, sync: true }),
  );
  const database = openDatabase(join(data, 'operator.sqlite'));
  const keys = openKeys(join(data, 'operator-keys.json'));
  const { publicOrigin, ...rest } = task;
  const server = openOperator({
    ...rest,
    ...(publicOrigin === undefined ? {} : { publicOrigin }),
    database,
    keys,
    clock: { nowMs: () => Date.now() },
    newId: () => uuidV7(Date.now(), randomBytes(10)),
    random: (bytes) => randomBytes(bytes),
    log,
  });
  const port = await server.listen({ host: task.host, port: task.port });

  let isClosing = false;
  const close = (): void => {
    if (isClosing) return;
    isClosing = true;
    setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS).unref();
    void server
      .close()
      .then(() => {
        database.close();
        process.exit(0);
      })
      .catch(fail);
  };
  process.once('SIGTERM', close);
  process.once('SIGINT', close);
  process.once('disconnect', close);
  const hear = (message: unknown): void => {
    if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'close') close();
  };
  // Electron's utility process has a port where a child of Node has a channel.
  const { parentPort } = process as { parentPort?: UtilityPort };
  parentPort?.on('message', ({ data: message }) => hear(message));
  process.on('message', hear);

  const ready = { type: 'ready', port, operatorId: task.operatorId, publicKey: keys.publicKey };
  if (parentPort === undefined) process.send?.(ready);
  else parentPort.postMessage(ready);
  const host = task.host.includes(':') ? `[${task.host}]` : task.host;
  process.stdout.write(`operator ${task.operatorId} ready at http://${host}:${port}\n`);
  if (announces) process.stdout.write(`${JSON.stringify(ready)}\n`);
}

/** What the person at the keyboard can mend is one line; what only a bug can do shows where. */
function fail(error: unknown): void {
  const isTheirs = error instanceof UnusableFile || (error instanceof Error && 'code' in error && 'syscall' in error);
  process.stderr.write(`${isTheirs ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
