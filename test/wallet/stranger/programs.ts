import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Json, numberAt } from './json.ts';

/** A server of ours as a process of its own, known by the line of JSON with which it announces itself. */
export interface Program {
  readonly base: string;
  readonly ready: Json;
  /** All that it printed. */
  output(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<unknown>;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const WALLET = 'wallet/server/process.ts';
const OPERATOR = 'wallet/operator/process.ts';

export function startWallet(data: string, args: readonly string[] = []): Promise<Program> {
  const port = args.includes('--port') ? [] : ['--port', '0'];
  return start(WALLET, ['--data', data, '--announce', ...port, ...args]);
}

export interface OperatorOptions {
  readonly data: string;
  readonly operatorId: string;
  readonly name: string;
  readonly walletUrl: string;
  readonly walletKey: string;
}

export function startOperator({ data, operatorId, name, walletUrl, walletKey }: OperatorOptions): Promise<Program> {
  const who = ['--operator-id', operatorId, '--name', name, '--wallet-url', walletUrl, '--wallet-key', walletKey];
  const kinds = ['--kinds', 'card,bank_account', '--simulate'];
  return start(OPERATOR, ['--data', data, '--port', '0', '--announce', ...who, ...kinds]);
}

/** An administrator's task at the keyboard. Resolves with what it printed. */
export async function runTask(
  data: string,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, [WALLET, '--data', data, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text: text.trim() };
}

async function start(script: string, args: readonly string[]): Promise<Program> {
  const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  // A run that is cut short leaves nothing behind.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  const ended = once(child, 'exit').finally(() => process.off('exit', end));
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ready = await new Promise<Json>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      if (line.startsWith('{')) resolve(JSON.parse(line) as Json);
    });
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}:\n${output}`)));
  });
  return {
    base: `http://127.0.0.1:${numberAt(ready, 'port')}`,
    ready,
    output: () => output,
    ended,
    kill: (signal) => kill(child, signal),
  };
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
