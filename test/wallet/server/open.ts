import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { type StoreId, storeIdSchema, uuidV7 } from '#contract/ids.ts';
import {
  type Asker,
  bind,
  type Caller,
  enrol,
  makeAdmin,
  makeCaller,
  newId,
  type TestPhone,
} from '#test/wallet/server/caller.ts';
import { openBooks } from '#test/wallet/server/open-books.ts';
import { makeKey } from '#test/support/wallet-keys.ts';
import { makeAdminToken } from '#wallet/server/admin-token.ts';
import { openWalletServer, type WalletServer, type WalletServerOptions } from '#wallet/server/app.ts';
import { openKeys, type ServerKeys } from '#wallet/server/keys.ts';
import { ISSUER_ACCOUNT, type Ledger, operatorAccount } from '#wallet/server/ledger/ledger.ts';
import { issuePairingCode } from '#wallet/server/pairing.ts';
import type { Books } from '#wallet/server/store/books.ts';
import { openRegistry, type Registry } from '#wallet/server/store/registry.ts';

/** The wallet server in this process, over real books and a real socket, with a clock that the test moves. */
export interface OpenWallet {
  readonly base: string;
  readonly server: WalletServer;
  readonly books: Books;
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly keys: ServerKeys;
  /** Everything that was logged. */
  readonly logged: string[];
  readonly clock: { readonly nowMs: () => number; readonly move: (ms: number) => void };
  /** A new terminal of the store, approved already unless the test is about that. */
  terminalOf(storeName: string, options?: { isApproved?: boolean }): Promise<Caller>;
  enrolmentCodeOf(storeName: string, options?: { isApproved?: boolean }): Promise<string>;
  storeIdOf(storeName: string): Promise<StoreId>;
  admin(): Promise<Asker>;
  /** An operator of payment means whose webhooks this server believes. */
  operator(operatorId: string): Promise<Caller>;
  /** A new customer's phone. */
  customer(options?: {
    name?: string;
    balance?: number;
    currency?: string;
    limit?: number;
  }): Promise<TestPhone & { walletId: string }>;
  bindingCodeOf(walletId: string): Promise<string>;
  close(): Promise<void>;
}

/** A clock that stands still fills no bucket. */
const NO_RATES = { perKey: { perSecond: 1, burst: 1_000_000 }, perAddress: { perSecond: 1, burst: 1_000_000 } };
const START_MS = Date.UTC(2026, 10, 23, 3, 0, 0);

export interface OpenOptions extends Partial<WalletServerOptions> {
  /** Puts something before the ledger: a disk that is slow, for example. */
  readonly wrap?: (ledger: Ledger) => Ledger;
}

export async function openWallet({ wrap = (same) => same, ...options }: OpenOptions = {}): Promise<OpenWallet> {
  const folder = mkdtempSync(join(tmpdir(), 'warikan-wallet-'));
  const { books, ledger, close: closeBooks } = await openBooks(folder);
  let nowMs = START_MS;
  // Moved by the test, unless the test lives by the machine's.
  const clock = { nowMs: options.clock?.nowMs ?? (() => nowMs), move: (ms: number) => void (nowMs += ms) };
  const logged: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString());
      done();
    },
  });
  const registry = openRegistry(books);
  const keys = openKeys(join(folder, 'keys.json'), clock);
  const server = await openWalletServer({
    books,
    rates: NO_RATES,
    ledger: wrap(ledger),
    keys,
    newId: () => uuidV7(clock.nowMs(), randomBytes(10)),
    random: (bytes) => randomBytes(bytes),
    log: pino({ level: 'trace' }, sink),
    ...options,
    clock,
  });
  const base = `http://127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;

  const storeIdOf = (name: string): Promise<StoreId> =>
    registry.openStore({ storeId: storeIdSchema.parse(newId()), name });
  const enrolmentCodeOf = async (name: string, { isApproved = true } = {}): Promise<string> => {
    const storeId = await storeIdOf(name);
    return issuePairingCode(registry, { storeId, isApproved }, clock.nowMs(), (bytes) => randomBytes(bytes));
  };
  const bindingCodeOf = (walletId: string): Promise<string> =>
    issuePairingCode(registry, { walletId }, clock.nowMs(), (bytes) => randomBytes(bytes));
  return {
    base,
    server,
    books,
    registry,
    ledger,
    keys,
    logged,
    clock,
    enrolmentCodeOf,
    bindingCodeOf,
    storeIdOf,
    terminalOf: async (name, how) => enrol(base, await enrolmentCodeOf(name, how), clock.nowMs),
    admin: async () => {
      const made = { id: newId(), name: 'test', random: randomBytes(32), atMs: clock.nowMs() };
      return makeAdmin(base, await makeAdminToken(books, made));
    },
    operator: async (operatorId) => {
      const key = makeKey();
      const public_key = Buffer.from(key.publicKey);
      const row = { id: operatorId, name: operatorId, url: 'http://127.0.0.1:9', kinds: '["card"]', public_key };
      await books.db
        .insertInto('operator')
        .values({ ...row, added_at_ms: clock.nowMs(), removed_at_ms: null })
        .execute();
      await books.db
        .insertInto('account')
        .values({ id: operatorAccount(operatorId), kind: 'operator', currency: null, balance: null })
        .execute();
      return makeCaller({ base, key, keyId: public_key.toString('base64url'), nowMs: clock.nowMs });
    },
    customer: async ({ name = 'Haru Tanaka', balance = 10_000, currency = 'JPY', limit = 50_000 } = {}) => {
      const walletId = newId();
      await registry.openWallet({ walletId, name, currency, perPaymentLimit: limit });
      if (balance > 0) {
        const amount = { amount: balance, currency };
        const from = { walletId, fromAccount: ISSUER_ACCOUNT };
        await ledger.book([{ type: 'reload', reloadId: newId(), ...from, amount, atMs: clock.nowMs() }]);
      }
      return { ...(await bind(base, await bindingCodeOf(walletId), clock.nowMs)), walletId };
    },
    close: async () => {
      await server.close();
      await closeBooks();
      rmSync(folder, { recursive: true });
    },
  };
}
