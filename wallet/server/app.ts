import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type Demo, openDemo } from './demo.ts';
import { type Faults, noFaults } from './faults.ts';
import { openBookkeeper } from './group-commit.ts';
import { buildHttp, type Clock } from './http.ts';
import { openVerifier, type ServerKeys } from './keys.ts';
import type { Command, Ledger } from './ledger/ledger.ts';
import { buildOpenApi } from './openapi.ts';
import { serveFrontPage, servePhonePage } from './page.ts';
import { buildRoutes } from './routes.ts';
import type { Registry } from './store/registry.ts';
import { openTokens } from './token.ts';

export interface WalletServerOptions {
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly keys: ServerKeys;
  readonly clock: Clock;
  /** Makes a UUIDv7. */
  readonly newId: () => string;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Logger;
  /** With the demo's store, customers and their phones. */
  readonly isDemo?: boolean;
  /** Folder of the built phone page. */
  readonly phonePage?: string;
  /** `https://wallet.example`, where a proxy stands before this server: what signatures are made over. */
  readonly publicOrigin?: string;
  readonly faults?: Faults;
}

export interface WalletServer {
  /** Undefined without the demo. */
  readonly demo: Demo | undefined;
  /** Resolves to the port, which the system chooses for 0. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Answers what it accepted, books it, then closes. The stores that were handed in stay open. */
  close(): Promise<void>;
}

/** Where the parts of the wallet server meet. */
export async function openWalletServer(options: WalletServerOptions): Promise<WalletServer> {
  const { ledger, registry, keys, clock, newId, random, log, faults = noFaults } = options;
  const verify = openVerifier();
  const tokens = openTokens(keys, registry, verify);
  const bookkeeper = openBookkeeper(ledger, (commands) => commands.filter(isSale).forEach(() => faults.afterCommit()));
  const handlers = buildRoutes({ bookkeeper, ledger, registry, tokens, keys, clock, newId, random });
  const app = buildHttp({ handlers, registry, verify, clock, log, faults, publicOrigin: options.publicOrigin });

  const openApi = JSON.stringify(buildOpenApi());
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(openApi));
  serveFrontPage(app, options.isDemo ?? false);
  servePhonePage(app, options.phonePage);
  const demo = options.isDemo
    ? await openDemo({ bookkeeper, registry, tokens, keys, clock, newId, random })
    : undefined;
  demo?.serve(app);

  return {
    demo,
    listen: async (address) => {
      await app.listen(address);
      return (app.server.address() as AddressInfo).port;
    },
    close: async () => {
      await app.close();
      await bookkeeper.close();
    },
  };
}

function isSale(command: Command): boolean {
  return command.type !== 'reload';
}
