import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DeviceProcessHandle } from './device-process.ts';
import { openServerProcess, type ServerProcess } from './server-process.ts';
import type { Clock } from './terminal/clock.ts';
import type { Log } from './terminal/log.ts';

/** The wallet system that a terminal without another one carries with it: the server, and the demo's two operators. */
export interface EmbeddedWallet {
  /** Where the server answers; undefined while it does not run. */
  url(): string | undefined;
  /** A code that enrols a terminal in its demo store, as of its last start. */
  enrolmentCode(): string | undefined;
  /** Tells each time that the server has come up. */
  onReady(listen: () => void): void;
  close(): Promise<void>;
}

export type SpawnServer = (
  program: 'wallet' | 'operator',
  args: readonly string[],
  onLine: (line: string) => void,
) => DeviceProcessHandle;

const portSchema = z.int().min(1).max(65_535);
const walletReadySchema = z.object({
  type: z.literal('ready'),
  port: portSchema,
  demoEnrolmentCode: z.string().optional(),
  /** What the server signs its requests to operators with. */
  operatorKey: z.string().optional(),
});
const operatorReadySchema = z.object({
  type: z.literal('ready'),
  port: portSchema,
  operatorId: z.string(),
  publicKey: z.string(),
});
type OperatorReady = z.infer<typeof operatorReadySchema>;

/** Two, so that one may be out of order while the other works. */
const operators = [
  { operatorId: 'kumo-card', name: 'Kumo Card', kinds: ['card'] },
  { operatorId: 'minato-bank', name: 'Minato Bank', kinds: ['bank_account'] },
] as const;

export function openEmbeddedWallet(options: {
  /** The folder of the server's books; each operator has one of its own below it. */
  readonly data: string;
  readonly port: number;
  readonly spawn: SpawnServer;
  readonly clock: Clock;
  readonly log: Log;
}): EmbeddedWallet {
  const { data, spawn, clock, log } = options;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const server = openServerProcess({
    name: 'the wallet server',
    readySchema: walletReadySchema,
    start: (port) =>
      spawn('wallet', ['--demo', '--data', data, '--port', String(port)], (line) =>
        log.warn({ line }, 'the wallet server says'),
      ),
    preferredPort: options.port,
    clock,
    log,
  });

  const running: { readonly operator: ServerProcess<OperatorReady>; readonly introduce: () => void }[] = [];
  /** The server's address and key are what an operator is started with, so they come after it, and once. */
  server.onReady(({ operatorKey }) => {
    if (operatorKey === undefined) return;
    if (running.length > 0) return running.forEach(({ introduce }) => introduce());
    for (const known of operators) {
      const { operatorId, name } = known;
      const folder = join(data, operatorId);
      const args = ['--simulate', '--data', folder, '--operator-id', operatorId, '--name', name];
      const operator = openServerProcess({
        name: `operator ${operatorId}`,
        readySchema: operatorReadySchema.extend({ operatorId: z.literal(operatorId) }),
        start: (port) =>
          spawn(
            'operator',
            [...args, '--port', String(port), '--wallet-url', server.url() ?? '', '--wallet-key', operatorKey],
            (line) => log.warn({ line }, `operator ${operatorId} says`),
          ),
        preferredPort: 0,
        clock,
        log,
      });
      // The server hears from its parent alone whom it may ask for money.
      const introduce = (): void => {
        const ready = operator.ready();
        if (ready === undefined) return;
        server.post({ type: 'operator', operator: { ...known, url: operator.url(), publicKey: ready.publicKey } });
      };
      operator.onReady(introduce);
      running.push({ operator, introduce });
    }
  });

  return {
    url: () => server.url(),
    enrolmentCode: () => server.ready()?.demoEnrolmentCode,
    onReady: (listen) => server.onReady(() => listen()),
    close: async () => {
      await Promise.all(running.map(({ operator }) => operator.close()));
      await server.close();
    },
  };
}
