import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Instance {
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  readonly additionalData: unknown;
}

/** Run by a short child process, because `requestSingleInstanceLock` answers synchronously. */
const NOTIFY = `
  const [path, text] = process.argv.slice(1);
  const socket = require('node:net').connect(path, () => socket.end(text));
  socket.on('error', () => process.exit(1)).on('close', () => process.exit(0));`;
const SOCKET_PATH_MAX = 100;
const NOTIFY_TIMEOUT_MS = 10_000;

/**
 * A lock between processes on one user data folder, made as Chromium makes it on POSIX (process_singleton_posix.cc): a
 * symbolic link whose target names the owner, and a socket on which a second instance tells the owner of itself.
 * Returns how to release the lock, or undefined when a living process has it and was told.
 */
export function lockInstance(
  userData: string,
  instance: Instance,
  onSecond: (instance: Instance) => void,
): (() => void) | undefined {
  const link = join(userData, 'SingletonLock');
  const socket = socketOf(userData);
  if (!take(link)) {
    const text = JSON.stringify(instance);
    const { status } = spawnSync(process.execPath, ['-e', NOTIFY, socket, text], { timeout: NOTIFY_TIMEOUT_MS });
    if (status === 0) return undefined;
    rmSync(link, { force: true });
    if (!take(link)) return undefined;
  }
  const server = serve(socket, onSecond);
  return () => {
    server.close();
    rmSync(link, { force: true });
  };
}

/** Beside the link where that fits: a socket's path may have only about a hundred bytes. */
function socketOf(userData: string): string {
  const path = join(userData, 'SingletonSocket');
  if (path.length <= SOCKET_PATH_MAX) return path;
  const name = createHash('sha256').update(userData).digest('hex').slice(0, 16);
  return join(tmpdir(), `electron-stand-in-${name}.sock`);
}

function take(link: string): boolean {
  try {
    symlinkSync(String(process.pid), link);
    return true;
  } catch {
    const owner = Number(readlinkSync(link));
    if (isAlive(owner)) return false;
    // Its owner was killed: whoever removes the stale link first may take it.
    rmSync(link, { force: true });
    return take(link);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function serve(path: string, onSecond: (instance: Instance) => void): Server {
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('end', () => onSecond(JSON.parse(text) as Instance));
  });
  server.listen(path);
  server.unref();
  return server;
}
