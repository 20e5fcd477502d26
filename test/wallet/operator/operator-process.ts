import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The operator's server as a process of its own. */
export interface OperatorProcess {
  readonly child: ChildProcess;
  readonly base: string;
  readonly operatorId: string;
  /** What signs its webhooks, base64url. */
  readonly publicKey: string;
  output(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export const OPERATOR_PROCESS = fileURLToPath(new URL('../../../wallet/operator/process.ts', import.meta.url));

const readySchema = z.object({
  type: z.literal('ready'),
  port: z.int().positive(),
  operatorId: z.string(),
  publicKey: z.string().length(43),
});

export async function startOperator(options: {
  readonly data: string;
  readonly operatorId: string;
  readonly name: string;
  readonly walletUrl: string;
  readonly walletKey: string;
  readonly args?: readonly string[];
}): Promise<OperatorProcess> {
  const { data, operatorId, name, walletUrl, walletKey, args = ['--simulate'] } = options;
  const books = ['--data', data, '--port', '0', '--operator-id', operatorId, '--name', name];
  const peer = ['--wallet-url', walletUrl, '--wallet-key', walletKey];
  const child = spawn(process.execPath, [OPERATOR_PROCESS, ...books, ...peer, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let output = '';
  const line = new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.endsWith('\n')) resolve();
    });
  });
  const ready = await new Promise<z.infer<typeof readySchema>>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the operator ended with ${code} before it was ready`)));
    child.once('message', (message) => resolve(readySchema.parse(message)));
  });
  await line;
  return {
    child,
    base: `http://127.0.0.1:${ready.port}`,
    operatorId: ready.operatorId,
    publicKey: ready.publicKey,
    output: () => output,
    kill: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}
