import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The wallet server as a process of its own, started as an administrator starts it. */
export interface ServerProcesses {
  /** Serves; resolves once it says that it is ready. */
  start(args: readonly string[], options?: { readonly ipc?: boolean }): Promise<Started>;
  /** Does one task and ends. */
  run(args: readonly string[]): Promise<Ended>;
  /** Ends all that still run, as by a power cut. */
  kill(): Promise<void>;
}

export interface Started {
  readonly child: ChildProcess;
  readonly base: string;
  readonly ready: { readonly port: number; readonly demoEnrolmentCode?: string } | undefined;
  output(): string;
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

const PROCESS = fileURLToPath(new URL('../../../wallet/server/process.ts', import.meta.url));

/** @param place where the books are: arguments for every start, and what the environment says */
export function openServerProcesses(
  place: () => readonly string[],
  environment: () => Readonly<Record<string, string>> = () => ({}),
): ServerProcesses {
  const children = new Set<ChildProcess>();

  function launch(args: readonly string[], stderr: 'inherit' | 'pipe', ipc: boolean): ChildProcess {
    const child = spawn(process.execPath, [PROCESS, ...place(), ...args], {
      stdio: ['ignore', 'pipe', stderr, ...(ipc ? (['ipc'] as const) : [])],
      env: { ...process.env, ...environment() },
    });
    children.add(child);
    return child;
  }

  return {
    async start(args, { ipc = false } = {}) {
      const child = launch(['--port', '0', ...args], 'inherit', ipc);
      let output = '';
      const told = ipc ? once(child, 'message') : undefined;
      await new Promise<void>((resolve, reject) => {
        child.once('exit', (code) => reject(new Error(`the wallet server ended with ${code} before it was ready`)));
        child.stdout?.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          if (output.includes('ready at')) resolve();
        });
      });
      const base = /http:\/\/\S+/.exec(output)?.[0] ?? '';
      const [ready] = ((await told) ?? []) as [Started['ready']?];
      return { child, base, ready, output: () => output };
    },

    async run(args) {
      const child = launch(args, 'pipe', false);
      let [stdout, stderr] = ['', ''];
      child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      await once(child, 'close');
      return { stdout, stderr, status: child.exitCode };
    },

    async kill() {
      await Promise.all(Array.from(children, (child) => end(child, 'SIGKILL')));
      children.clear();
    },
  };
}

/** Resolves once it has ended. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
