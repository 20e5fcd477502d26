import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { REPLAY_WINDOW_SECONDS } from '#contract/signature.ts';
import type { Clock } from './call.ts';
import { type Demo, openDemo } from './demo.ts';
import { type Faults, noFaults } from './faults.ts';
import { openBookkeeper } from './group-commit.ts';
import { buildHttp, defaultRates, type Rates } from './http.ts';
import { openGate } from './http/authenticate.ts';
import { openVerifier, type ServerKeys } from './keys.ts';
import type { Command, Ledger } from './ledger/ledger.ts';
import { openNonceMemory } from './nonces.ts';
import { buildOpenApi } from './openapi.ts';
import { serveFrontPage, servePhonePage } from './page.ts';
import { buildRoutes } from './routes.ts';
import { openSessions } from './sessions.ts';
import { openSigners } from './signers.ts';
import type { Books } from './store/books.ts';
import type { Registry } from './store/registry.ts';
import { openStreams } from './stream.ts';
import { openTokens } from './token.ts';

export interface WalletServerOptions {
  readonly ledger: Ledger;
  readonly books: Books;
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
  readonly trustedProxies?: readonly string[];
  readonly rates?: Rates;
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
  const { ledger, books, keys, clock, newId, random, log, faults = noFaults } = options;
  const verify = openVerifier();
  const signers = openSigners(options.registry);
  const streams = openStreams({ isWelcome: async (keyId) => (await signers.find(keyId))?.isRevoked === false });
  const registry: Registry = {
    ...options.registry,
    revoke: async (keyId, atMs) => {
      const wasInUse = await options.registry.revoke(keyId, atMs);
      streams.closeOf(keyId);
      return wasInUse;
    },
  };
  const tokens = openTokens(keys, registry, verify);
  const bookkeeper = openBookkeeper(ledger, (commands) => commands.filter(isSale).forEach(() => faults.afterCommit()));
  const parts = { bookkeeper, ledger, books, registry, tokens, keys, clock, newId, random };
  const gate = openGate({
    books,
    signers,
    sessions: openSessions(keys, random),
    nonces: openNonceMemory(REPLAY_WINDOW_SECONDS),
    verify,
    clock,
    publicOrigin: options.publicOrigin,
  });
  const app = buildHttp({
    handlers: buildRoutes(parts),
    gate,
    streams,
    clock,
    log,
    faults,
    rates: options.rates ?? defaultRates,
    trustedProxies: options.trustedProxies ?? [],
  });

  const openApi = JSON.stringify(buildOpenApi());
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(openApi));
  serveFrontPage(app, options.isDemo ?? false);
  servePhonePage(app, options.phonePage);
  const demo = options.isDemo ? await openDemo(parts) : undefined;
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

function isSale({ type }: Command): boolean {
  return type === 'settle' || type === 'cancel' || type === 'refund';
}
