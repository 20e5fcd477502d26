import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { attemptIdSchema, checkIdSchema, storeIdSchema, terminalIdSchema, uuidV7 } from '#contract/ids.ts';
import { REPLAY_WINDOW_SECONDS } from '#contract/signature.ts';
import { type Answer, type RouteName, walletRoutes } from '#contract/wallet.ts';
import { makeKey } from '#test/support/wallet-keys.ts';
import { newId, type OpenOperator, openTestOperator, yen } from '#test/wallet/operator/open.ts';
import { type Caller, makeCaller } from '#test/wallet/server/caller.ts';
import { makeAdminToken } from '#wallet/server/admin-token.ts';
import type { Handlers } from '#wallet/server/call.ts';
import { noFaults } from '#wallet/server/faults.ts';
import { openBookkeeper } from '#wallet/server/group-commit.ts';
import { openGate } from '#wallet/server/http/authenticate.ts';
import { buildHttp, defaultRates } from '#wallet/server/http.ts';
import { openKeys, openVerifier } from '#wallet/server/keys.ts';
import type { Ledger } from '#wallet/server/ledger/ledger.ts';
import { openNonceMemory } from '#wallet/server/nonces.ts';
import { Refusal } from '#wallet/server/problem.ts';
import { openReloading, type Reloading } from '#wallet/server/reload/reloading.ts';
import { phoneOf } from '#wallet/server/routes/parts.ts';
import { openSessions } from '#wallet/server/sessions.ts';
import { openSigners } from '#wallet/server/signers.ts';
import type { Books } from '#wallet/server/store/books.ts';
import { serveBooks } from '#wallet/server/store/place.ts';
import { openRegistry } from '#wallet/server/store/registry.ts';
import { openStreams } from '#wallet/server/stream.ts';
import { readWallet } from '#wallet/server/wallet-view.ts';

/** The wallet server's reloading over real HTTP, real books and real operators, with a clock that the test can move on. */
export interface OpenReloading {
  readonly base: string;
  readonly books: Books;
  readonly ledger: Ledger;
  readonly reloading: Reloading;
  /** Everything that was logged. */
  readonly logged: string[];
  /** Time passes for the wallet server and the operators alike. */
  readonly move: (ms: number) => void;
  /** Starts an operator's server that tells this one by webhooks, and registers it. */
  operator(operatorId: string, name: string): Promise<OpenOperator>;
  /** Registers an operator by its address and key. */
  know(operator: { operatorId: string; name: string; base: string; publicKey: string }): Promise<void>;
  /** A new customer's phone. */
  customer(balance?: number): Promise<Customer>;
  admin(path: string, init?: RequestInit): Promise<Response>;
  /** Another server beside this one over the same books, which have to be a PostgreSQL's. Ends with this one. */
  besides(): Promise<string>;
  /** The process ends without a word, and another one starts over the same books. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Customer extends Caller {
  /** The wallet behind it. */
  readonly walletId: string;
  /** Registers a means. */
  method(operatorId: string, setupToken?: string): Promise<string>;
  reload(methodId: string, amount: number, reloadId?: string): Promise<Answer<'putReload'>>;
  balance(): Promise<{ balance: number; owed: number }>;
  /** Pays in some shop. */
  spend(amount: number, settlementId?: string, counter?: number): Promise<void>;
  /** Types of what the phone was told, oldest first. */
  told(): Promise<readonly string[]>;
}

const LIMITS = { perPayment: 1_000_000, perDay: 1_000_000, perMonth: 1_000_000, day: 20_000, month: 660 };

export async function openTestReloading({
  autoRetryMs = 0,
  databaseUrl,
}: { autoRetryMs?: number; databaseUrl?: string } = {}): Promise<OpenReloading> {
  const folder = mkdtempSync(join(tmpdir(), 'warikan-reloading-'));
  let offsetMs = 0;
  const clock = { nowMs: () => Date.now() + offsetMs };
  const keys = openKeys(join(folder, 'keys.json'), clock);
  const random = (bytes: number): Uint8Array => randomBytes(bytes);
  const logged: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString());
      done();
    },
  });
  const log = pino({ level: 'trace' }, sink);

  async function start(port: number) {
    const served = await serveBooks({ data: folder, databaseUrl }, clock, (error) => log.error({ err: error }));
    const { books, ledger } = served;
    const registry = openRegistry(books);
    const bookkeeper = openBookkeeper(ledger);
    const makeId = (): string => uuidV7(clock.nowMs(), randomBytes(10));
    const reloading = openReloading({ books, bookkeeper, keys, clock, newId: makeId, random, log, autoRetryMs });
    const gate = openGate({
      books,
      signers: openSigners(registry, served.changes),
      sessions: openSessions(keys, random),
      nonces: openNonceMemory(REPLAY_WINDOW_SECONDS),
      verify: openVerifier(),
      clock,
      publicOrigin: undefined,
    });
    const app = buildHttp({
      handlers: {
        ...nobodyElse(),
        ...reloading.handlers,
        getWallet: async ({ signer }) => readWallet(books, keys, phoneOf(signer).walletId, clock.nowMs()),
      },
      gate,
      streams: openStreams({ isWelcome: async () => true }),
      clock,
      log,
      faults: noFaults,
      rates: defaultRates,
      trustedProxies: [],
    });
    await app.listen({ host: '127.0.0.1', port });
    reloading.start();
    const close = async (): Promise<void> => {
      await app.close();
      await reloading.close();
      await bookkeeper.close();
      await served.close();
    };
    return { books, registry, ledger, bookkeeper, reloading, close, port: (app.server.address() as AddressInfo).port };
  }

  let running = await start(0);
  const base = `http://127.0.0.1:${running.port}`;
  const adminToken = await makeAdminToken(running.books, {
    id: newId(),
    name: 'test',
    random: randomBytes(32),
    atMs: Date.now(),
  });
  const operators = new Set<OpenOperator>();
  const others = new Set<typeof running>();
  const storeId = await running.registry.openStore({ storeId: storeIdSchema.parse(newId()), name: 'Bar Mori' });

  const admin = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(base + path, {
      ...init,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    });
  const know: OpenReloading['know'] = async ({ operatorId, name, base: url, publicKey }) => {
    const body = JSON.stringify({ name, url, publicKey, kinds: ['card', 'bank_account'] });
    const response = await admin(`/v1/admin/operators/${operatorId}`, { method: 'PUT', body });
    if (!response.ok) throw new Error(`no operator: ${await response.text()}`);
  };

  return {
    base,
    get books() {
      return running.books;
    },
    get ledger() {
      return running.ledger;
    },
    get reloading() {
      return running.reloading;
    },
    logged,
    move: (ms) => {
      offsetMs += ms;
      running.reloading.start();
    },
    admin,
    know,
    operator: async (operatorId, name) => {
      const { requestKey } = running.reloading;
      const operator = await openTestOperator({ operatorId, name, walletUrl: base, walletKey: requestKey, clock });
      operators.add(operator);
      await know({ ...operator, operatorId, name });
      return operator;
    },
    customer: async (balance = 0) => {
      const walletId = newId();
      await running.registry.openWallet({ walletId, name: 'Haru', currency: 'JPY', perPaymentLimit: 1_000_000 });
      const key = makeKey();
      const phoneId = newId();
      await running.books.db
        .insertInto('phone')
        .values({
          id: phoneId,
          wallet_id: walletId,
          alias: phoneId,
          key_id: phoneId,
          public_key: Buffer.from(key.publicKey),
          bound_at_ms: Date.now(),
          revoked_at_ms: null,
        })
        .execute();
      if (balance > 0) await fund(walletId, balance);
      return customerOf(makeCaller({ base, keyId: phoneId, key, nowMs: clock.nowMs }), walletId);
    },
    besides: async () => {
      const other = await start(0);
      others.add(other);
      return `http://127.0.0.1:${other.port}`;
    },
    restart: async () => {
      await running.close();
      running = await start(running.port);
    },
    close: async () => {
      await running.close();
      for (const other of others) await other.close();
      for (const operator of operators) await operator.close();
      rmSync(folder, { recursive: true });
    },
  };

  async function fund(walletId: string, amount: number): Promise<void> {
    const { ISSUER_ACCOUNT: fromAccount } = await import('#wallet/server/ledger/ledger.ts');
    const atMs = Date.now();
    await running.bookkeeper.book({
      type: 'reload',
      reloadId: newId(),
      walletId,
      fromAccount,
      amount: yen(amount),
      atMs,
    });
  }

  function customerOf(phone: Caller, walletId: string): Customer {
    return {
      ...phone,
      walletId,
      method: async (operatorId, setupToken = 'haru') => {
        const { method } = await phone.get('addReloadMethod', {}, { operatorId, kind: 'card', setupToken });
        return method.methodId;
      },
      reload: (methodId, amount, reloadId = newId()) =>
        phone.call('putReload', { reloadId }, { methodId, amount: yen(amount) }),
      balance: async () => {
        const { balance, owed } = (await running.ledger.readBalance(walletId)) ?? { balance: -1, owed: -1 };
        return { balance, owed };
      },
      spend: async (amount, settlementId = newId(), counter = randomBytes(4).readUInt32BE(0)) => {
        const member = { memberRef: 'm', maskedName: 'H', settlementMethod: 'shown_code' };
        const outcome = await running.bookkeeper.book({
          type: 'settle',
          settlementId: attemptIdSchema.parse(settlementId),
          storeId,
          terminalId: terminalIdSchema.parse(newId()),
          checkId: checkIdSchema.parse(newId()),
          amount: yen(amount),
          payer: {
            isGood: true,
            alias: walletId,
            counter,
            walletId,
            perPaymentLimit: 1_000_000,
            offlineAllowance: yen(0),
            member,
          },
          mode: 'online',
          fee: 0,
          limits: LIMITS,
          capturedAtMs: Date.now(),
          atMs: Date.now(),
        });
        if (outcome.type !== 'settlement' || outcome.settlement.state !== 'approved') {
          throw new Error(`not paid: ${JSON.stringify(outcome)}`);
        }
        running.reloading.noticeSpending();
      },
      told: async () => {
        const rows = await running.books.db
          .selectFrom('outbox')
          .select('type')
          .where('wallet_id', '=', walletId)
          .orderBy('seq')
          .execute();
        return rows.map(({ type }) => type);
      },
    };
  }
}

/** What is not under test here answers that it is not. */
function nobodyElse(): Handlers {
  const names = Object.keys(walletRoutes) as RouteName[];
  return Object.fromEntries(names.map((name) => [name, async () => new Refusal('internal')])) as unknown as Handlers;
}
