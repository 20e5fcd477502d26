import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { makeCodec } from './clone.ts';
import { Modelled, refuse, refuseUnknownKeys } from './refuse.ts';
import { readLines } from './report.ts';
import { runtime } from './runtime.ts';

interface ForkOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly execArgv?: readonly string[];
  readonly cwd?: string;
  readonly stdio?: 'pipe' | 'ignore' | 'inherit' | readonly ('pipe' | 'ignore' | 'inherit')[];
  readonly serviceName?: string;
}

const OPTIONS = ['env', 'execArgv', 'cwd', 'stdio', 'serviceName'];
const EVENTS = ['spawn', 'exit', 'message'];
const RUNNER = fileURLToPath(new URL('./run-utility.ts', import.meta.url));

const codec = makeCodec();

/**
 * docs/api/utility-process.md, on a real child process. Messages are structured clones over a pipe of their own, so the
 * child has no `process.send`, as in Electron; transferring ports to it is not modelled.
 */
export class UtilityProcess extends Modelled {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  pid: number | undefined;
  readonly #child: ChildProcess;

  constructor(modulePath: string, args: readonly string[], options: ForkOptions) {
    super('UtilityProcess', EVENTS);
    refuseUnknownKeys('utilityProcess.fork options', options, OPTIONS);
    const { stdio = 'inherit', execArgv = [] } = options;
    const [stdin, stdout, stderr] = typeof stdio === 'string' ? ['ignore', stdio, stdio] : stdio;
    if (stdin !== 'ignore') throw new Error('stdin value other than ignore is not supported.');
    const child = spawn(process.execPath, [...execArgv, RUNNER, modulePath, ...args], {
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ['ignore', stdout ?? 'inherit', stderr ?? 'inherit', 'pipe'],
    });
    this.#child = child;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    const pipe = child.stdio[3] as Duplex;
    pipe.on('error', () => {});
    readLines(pipe, (line) => this.emit('message', codec.decode(line)));
    child.once('spawn', () => {
      this.pid = child.pid;
      this.emit('spawn');
    });
    child.once('close', (code, signal) => {
      this.pid = undefined;
      this.emit('exit', code ?? (signal === null ? 1 : SIGNAL_CODE));
    });
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    if (transfer.length > 0) refuse('UtilityProcess.postMessage with ports');
    const line = codec.encode(message);
    if (this.#child.exitCode === null) (this.#child.stdio[3] as Duplex).write(`${line}\n`);
  }

  /** Graceful on POSIX: SIGTERM. */
  kill(): boolean {
    return this.pid !== undefined && this.#child.kill('SIGTERM');
  }
}

/** What waitpid gives for a process that a signal ended is not zero. */
const SIGNAL_CODE = 15;

export const utilityProcess = {
  fork(modulePath: string, args: readonly string[] = [], options: ForkOptions = {}): UtilityProcess {
    if (!runtime.isReady) throw new Error('utilityProcess cannot be created before app is ready.');
    return new UtilityProcess(modulePath, args, options);
  },
};
