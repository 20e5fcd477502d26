import assert from 'node:assert';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { PROJECT } from './programs.ts';

/**
 * A PostgreSQL of the tests' own, of whatever version the machine has: a new cluster on the disk of the checkout, where
 * a sync costs what it costs, reached over the loopback with a password that nobody else knows.
 */
export interface PostgresServer {
  /** Of a database that exists and is empty at first. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly dataFolder: string;
  /** A further empty database in the same cluster; resolves with its URL. */
  createDatabase(name: string): Promise<string>;
  /** Runs one of PostgreSQL's own programs against this server, as the user that owns it; returns what it printed. */
  run(program: string, args: readonly string[]): Promise<string>;
  /** kill -9 of the postmaster: its children notice and go, nothing is written any more. */
  kill(): Promise<void>;
  /** After `kill` or `stop`, or after it went down by itself: resolves when it takes connections again. */
  start(): Promise<void>;
  /** As an administrator ends it: clients are sent away, everything is written. */
  stop(): Promise<void>;
  /** Ends it and takes its folder away. */
  remove(): Promise<void>;
}

export interface PostgresOptions {
  /** Lines of postgresql.conf beside those of the tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** In memory, where a sync costs nothing, for tests that ask only what the rows say. */
  readonly inMemory?: boolean;
  /** Where the write-ahead log lies, if not in the data folder. Empty, or not there yet. */
  readonly walFolder?: string;
  /** A cluster that is there already, as a restored backup is. Its password goes with it. */
  readonly existing?: { readonly dataFolder: string; readonly password: string };
}

const NAME = 'wallet';
const MEMORY = '/dev/shm';
const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
/** After kill -9 the children still hold the shared memory for a moment. */
const START_TRIES = 100;
const START_PAUSE_MS = 50;
const MAX_OUTPUT = 20_000;

const binFolder = findBinFolder();
const owner = findOwner();

/** Why no PostgreSQL can be had here; undefined where one can. */
export const postgresMissing: string | undefined =
  binFolder === undefined
    ? 'no PostgreSQL: neither initdb on the PATH nor /usr/lib/postgresql/*/bin (Debian: apt-get install postgresql)'
    : owner === undefined
      ? 'no PostgreSQL: it refuses to run as root, and there is no user `postgres` to run it as'
      : undefined;

/** A folder of the server's user: on the disk of the checkout where that user may go, else in /var/tmp. */
export function makePostgresFolder(name: string, inMemory = false): string {
  assert(owner !== undefined, 'a test asks for PostgreSQL only where it can be had');
  const cache = join(PROJECT, 'node_modules', '.cache', 'warikan');
  const disk = isOpenTo(PROJECT, owner) ? cache : '/var/tmp/warikan';
  const parent = inMemory && existsSync(MEMORY) ? MEMORY : disk;
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `${name}-`));
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

export async function openPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  assert(postgresMissing === undefined && binFolder !== undefined && owner !== undefined, postgresMissing);
  const tools = binFolder;
  const user = owner;
  const password = options.existing?.password ?? randomBytes(16).toString('hex');
  const folder = options.existing === undefined ? makePostgresFolder('postgres', options.inMemory) : undefined;
  const dataFolder = options.existing?.dataFolder ?? join(folder ?? '', 'data');
  if (folder !== undefined) initialise(tools, user, folder, dataFolder, password, options.walFolder);
  const settings = {
    listen_addresses: HOST,
    unix_socket_directories: '',
    // In the data folder, so that kill -9 leaves nothing behind elsewhere.
    dynamic_shared_memory_type: 'mmap',
    max_connections: '64',
    shared_buffers: '256MB',
    // Recovery after kill -9 reads the log from the last checkpoint: bounded.
    max_wal_size: '1GB',
    ...options.settings,
  };
  const conf = Object.entries(settings).map(([key, value]) => `${key} = '${value.replaceAll("'", "''")}'`);
  writeFileSync(join(dataFolder, 'postgresql.auto.conf'), `${conf.join('\n')}\n`);

  let port = 0;
  let running: ChildProcess | undefined;

  async function start(): Promise<void> {
    let output = '';
    for (let tries = 0; tries < START_TRIES; tries++) {
      // Chosen anew for each try: another program may have taken it meanwhile.
      if (port === 0 || /could not bind|in use by another|could not create any TCP/.test(output))
        port = await freePort();
      const child = spawn(join(tools, 'postgres'), ['-D', dataFolder, '-p', String(port)], {
        ...user,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { LC_ALL: 'C' },
      });
      output = await untilReady(child);
      if (child.exitCode === null && child.signalCode === null) {
        running = child;
        const end = (): void => void child.kill('SIGKILL');
        process.once('exit', end);
        child.once('exit', () => process.off('exit', end));
        return;
      }
      await pause(START_PAUSE_MS);
    }
    throw new Error(`PostgreSQL did not start:\n${output}`);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  const urlOf = (name: string): string => `postgres://postgres:${password}@${HOST}:${port}/${name}`;

  async function createDatabase(name: string): Promise<string> {
    const client = new pg.Client(urlOf('postgres'));
    await client.connect();
    await client.query(`create database ${name}`);
    await client.end();
    return urlOf(name);
  }

  await start();
  if (options.existing === undefined) await createDatabase(NAME);
  return {
    get url() {
      return urlOf(NAME);
    },
    host: HOST,
    get port() {
      return port;
    },
    password,
    dataFolder,
    createDatabase,
    run: async (program, args) => {
      const env = { LC_ALL: 'C', PGHOST: HOST, PGPORT: String(port), PGUSER: 'postgres', PGPASSWORD: password };
      const child = spawn(join(tools, program), args, { ...user, stdio: ['ignore', 'pipe', 'pipe'], env });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
      await once(child, 'close');
      assert(child.exitCode === 0, `${program} ended with ${child.exitCode}:\n${output}`);
      return output;
    },
    kill: () => end('SIGKILL'),
    start,
    // "Fast": does not wait for clients to leave.
    stop: () => end('SIGINT'),
    remove: async () => {
      await end('SIGKILL');
      rmSync(folder ?? dataFolder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

function initialise(
  tools: string,
  user: Owner,
  folder: string,
  dataFolder: string,
  password: string,
  walFolder: string | undefined,
): void {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const args = ['--no-sync', '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  args.push('--encoding=UTF8', '--locale=C', `--pgdata=${dataFolder}`);
  // Small files, so that a small disk holds some.
  if (walFolder !== undefined) args.push(`--waldir=${walFolder}`, '--wal-segsize=1');
  execFileSync(join(tools, 'initdb'), args, { ...user, cwd: folder, stdio: 'pipe', env: { LC_ALL: 'C' } });
  rmSync(passwordFile);
}

/** Resolves when it takes connections or has ended, with what it said until then. */
async function untilReady(child: ChildProcess): Promise<string> {
  let output = '';
  assert(child.stderr !== null, 'what it says is read');
  const lines = createInterface({ input: child.stderr });
  const settled = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`PostgreSQL was not ready in time:\n${output}`)), READY_TIMEOUT_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    lines.on('line', (line) => {
      output = `${output}${line}\n`.slice(-MAX_OUTPUT);
      if (line.includes('database system is ready to accept connections')) done();
    });
    child.once('exit', done);
    child.once('error', done);
  });
  await settled;
  return output;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP server has a port');
  server.close();
  await once(server, 'close');
  return address.port;
}

function findBinFolder(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = [...folders, ...versions.map((version) => join(debian, version, 'bin'))].find((folder) =>
    ['initdb', 'postgres'].every((tool) => existsSync(join(folder, tool))),
  );
  // A link on the PATH may stand for these two alone; the other programs lie beside the real one.
  return found === undefined ? undefined : dirname(realpathSync(join(found, 'initdb')));
}

/** Nothing to change where we are not root. Undefined where we are and nobody else can be found. */
function findOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return {};
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' })),
    );
    return uid === undefined || gid === undefined ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}

/** Whether the user may walk through every folder down to this one. */
function isOpenTo(folder: string, { uid, gid }: Owner): boolean {
  if (uid === undefined) return true;
  const { mode, uid: of, gid: group } = statSync(folder);
  const bit = of === uid ? 0o100 : group === gid ? 0o010 : 0o001;
  return (mode & bit) !== 0 && (dirname(folder) === folder || isOpenTo(dirname(folder), { uid, gid: gid ?? 0 }));
}
