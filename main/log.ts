import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { destination, pino } from 'pino';
import type { Log } from './terminal/log.ts';

/** One older file is kept, so a log never takes more than twice this. */
const LOG_BYTES_MAX = 8 * 1024 * 1024;

/** What must never be read out of a log, wherever it hangs in a line. The code itself takes care; this is the net. */
const SECRET_FIELDS = ['pin', 'token', 'secret', 'privateKey', 'enrolmentCode'];

/** A log in `DIR/logs/terminal.log`. Lost lines of a crash are no loss: the journal is the record, not the log. */
export function openLog(dataFolder: string): { readonly log: Log; close(): void } {
  const folder = join(dataFolder, 'logs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'terminal.log');
  let bytes = sizeOf(path);
  const stream = destination({ dest: path, sync: true, mode: 0o600 });
  stream.on('write', (written: number) => {
    bytes += written;
    if (bytes < LOG_BYTES_MAX) return;
    bytes = 0;
    renameSync(path, `${path}.1`);
    stream.reopen();
  });
  // A full disk must not end the till for want of a log.
  stream.on('error', () => {});
  const log = pino(
    { redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' } },
    stream,
  );
  return { log, close: () => stream.end() };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
