import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { REPLAY_WINDOW_SECONDS } from '#contract/signature.ts';
import { openAllowances } from './allowance.ts';
import type { Clock } from './call.ts';
import { type Demo, openDemo } from './demo.ts';
import { openEvents } from './events.ts';
import { type Faults, noFaults } from './faults.ts';
import { openBookkeeper } from './group-commit.ts';
import { buildHttp, defaultRates, type Rates } from './http.ts';
import { openGate } from './http/authenticate.ts';
import { openVerifier, type ServerKeys } from './keys.ts';
import type { Command, Ledger } from './ledger/ledger.ts';
import { openNonceMemory } from './nonces.ts';
import { buildOpenApi } from './openapi/document.ts';
import { serveAdminPage, serveFrontPage, servePhonePage } from './page.ts';
import type { NewOperator } from './reload/operators.ts';
import { openReloading } from './reload/reloading.ts';
import { openPayers } from './payers.ts';
import { openPeople } from './people.ts';
import { openPins } from './pin.ts';
import { buildRoutes } from './routes.ts';
import { openSessions } from './sessions.ts';
import { openSigners } from './signers.ts';
import type { Books } from './store/books.ts';
import { openRegistry, type Registry } from './store/registry.ts';
import { type SignerChanges, unknownChanges } from './store/signer-changes.ts';
import { openStreams } from './stream.ts';
import { startSweeper } from './sweeper.ts';
import { openTokens } from './token.ts';

export interface WalletServerOptions {
  readonly ledger: Ledger;
  readonly books: Books;
  /** Whether another process may have changed who signs. Asked each time where this is left out. */
  readonly changes?: SignerChanges;
  /** Tells what other processes have committed; where it is left out, that is looked for now and then. */
  readonly news?: { listen(onNews: () => void): void };
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
  /** Folder of the built administrators' page. */
  readonly adminPage?: string;
  /** `https://wallet.example`, where a proxy stands before this server: what signatures are made over. */
  readonly publicOrigin?: string;
  readonly trustedProxies?: readonly string[];
  readonly rates?: Rates;
  readonly faults?: Faults;
}

export interface WalletServer {
  /** Undefined without the demo. */
  readonly demo: Demo | undefined;
  /** What its requests to operators are signed with: Ed25519, base64url. */
  readonly operatorKey: string;
  /** Adds an operator of payment means, or changes it. */
  putOperator(operator: NewOperator): Promise<void>;
  /** Resolves to the port, which the system chooses for 0. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Answers what it accepted, books it, then closes. The stores that were handed in stay open. */
  close(): Promise<void>;
}

/** Where the parts of the wallet server meet. */
export async function openWalletServer(options: WalletServerOptions): Promise<WalletServer> {
  const { ledger, books, keys, clock, newId, random, log, faults = noFaults } = options;
  const verify = openVerifier();
  const inBooks = openRegistry(books);
  const signers = openSigners(inBooks, options.changes ?? unknownChanges);
  const streams = openStreams({ isWelcome: async (keyId) => (await signers.find(keyId))?.isRevoked === false });
  const registry = announce(inBooks, (keyId) => {
    signers.forget();
    payers.forget(keyId);
    streams.closeOf(keyId);
  });
  const events = openEvents({ books, clock, onError: (error) => log.error({ err: error }, 'events were not read') });
  options.news?.listen(() => events.wake());
  const bookkeeper = openBookkeeper(ledger, (commands) => {
    commands.filter(isSale).forEach(() => faults.afterCommit());
    events.wake();
    if (commands.some(isSpending)) reloading.noticeSpending();
  });
  const payers = openPayers(books, clock, options.changes ?? unknownChanges);
  const allowances = openAllowances({ books, bookkeeper, newId });
  const tokens = openTokens({ keys, payers, allowances, verify });
  const pins = openPins({ books, keys, clock, random });
  const reloading = openReloading({ books, bookkeeper, keys, clock, newId, random, log });
  const parts = {
    bookkeeper,
    ledger,
    books,
    registry,
    tokens,
    people: openPeople(books, keys, tokens),
    pins,
    allowances,
    events,
    keys,
    clock,
    newId,
    random,
    reloading,
  };
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
    handlers: buildRoutes(parts, reloading),
    gate,
    streams,
    clock,
    log,
    faults,
    rates: options.rates ?? defaultRates,
    trustedProxies: options.trustedProxies ?? [],
  });

  const openApi = JSON.stringify(await buildOpenApi());
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(openApi));
  serveFrontPage(app, options.isDemo ?? false);
  servePhonePage(app, options.phonePage);
  serveAdminPage(app, options.adminPage);
  const demo = options.isDemo ? await openDemo(parts) : undefined;
  demo?.serve(app);
  const sweeper = startSweeper({
    bookkeeper,
    clock,
    onError: (error) => log.error({ err: error }, 'holds were not released'),
  });

  return {
    demo,
    operatorKey: reloading.requestKey,
    putOperator: async (operator) => void (await reloading.putOperator(operator)),
    listen: async (address) => {
      await app.listen(address);
      reloading.start();
      return (app.server.address() as AddressInfo).port;
    },
    close: async () => {
      await app.close();
      events.close();
      await reloading.close();
      await sweeper.close();
      await bookkeeper.close();
    },
  };
}

function isSale({ type }: Command): boolean {
  return type === 'settle' || type === 'cancel' || type === 'refund';
}

/** What may leave a wallet below the threshold of its automatic reload. */
function isSpending({ type }: Command): boolean {
  return type === 'settle' || type === 'repay' || type === 'place_hold' || type === 'charge_back';
}

/** The registry, telling of each key that it has approved or revoked. */
function announce(registry: Registry, tell: (keyId: string) => void): Registry {
  return {
    ...registry,
    approveTerminal: async (terminalId, atMs) => {
      const isNew = await registry.approveTerminal(terminalId, atMs);
      tell(terminalId);
      return isNew;
    },
    revoke: async (keyId, atMs) => {
      const wasInUse = await registry.revoke(keyId, atMs);
      tell(keyId);
      return wasInUse;
    },
  };
}
