import assert from 'node:assert';
import { timingSafeEqual } from 'node:crypto';
import { type StoreId, storeIdSchema, type TerminalId, terminalIdSchema } from '#contract/ids.ts';
import type { Database } from './database.ts';

/** Who there is: stores and their terminals, wallets and their phones, and the codes that bind new ones. */
export interface Registry {
  /** The store of that name, made if there is none. */
  openStore(store: { readonly storeId: StoreId; readonly name: string }): Promise<StoreId>;
  openWallet(wallet: NewWallet): Promise<void>;
  listWallets(): Promise<readonly Wallet[]>;
  /** False where a code with that locator is there already: the caller draws another one. */
  addPairingCode(code: PairingCode, nowMs: number): Promise<boolean>;
  /**
   * Spends a code on a public key. Undefined for a wrong, used, expired or exhausted code; a wrong secret costs a try.
   * The same code with the same key answers the same again, so that a lost answer locks nobody out.
   */
  enrolTerminal(
    claim: PairingClaim & { readonly name: string; readonly terminalId: TerminalId },
  ): Promise<{ readonly terminalId: TerminalId; readonly storeId: StoreId; readonly storeName: string } | undefined>;
  bindPhone(
    claim: PairingClaim & { readonly phoneId: string; readonly alias: string },
  ): Promise<{ readonly phoneId: string } | undefined>;
  /** Whether a pairing code can still be redeemed at that time. */
  isOpen(locator: string, atMs: number): Promise<boolean>;
  /** Who signs requests with a key. */
  findSigner(keyId: string): Promise<Signer | undefined>;
  findPhoneByAlias(alias: string): Promise<Phone | undefined>;
  /** From now on the key signs nothing. Resolves to false where no such key is in use. */
  revoke(keyId: string, atMs: number): Promise<boolean>;
}

interface NewWallet {
  readonly walletId: string;
  readonly name: string;
  readonly currency: string;
  readonly perPaymentLimit: number;
}

interface Wallet extends NewWallet {
  readonly balance: number;
}

interface PairingCode {
  readonly locator: string;
  readonly secretHash: Uint8Array;
  readonly for: PairingSubject;
  readonly expiresAtMs: number;
  readonly tries: number;
}

export type PairingSubject = { readonly storeId: StoreId } | { readonly walletId: string };

interface PairingClaim {
  readonly locator: string;
  readonly secretHash: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly nowMs: number;
}

export type Signer =
  | {
      readonly type: 'terminal';
      readonly keyId: string;
      readonly publicKey: Uint8Array;
      readonly isRevoked: boolean;
      readonly terminalId: TerminalId;
      readonly storeId: StoreId;
    }
  | ({ readonly type: 'phone' } & Phone);

export interface Phone {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly isRevoked: boolean;
  readonly alias: string;
  readonly walletId: string;
  readonly walletName: string;
  readonly currency: string;
  readonly perPaymentLimit: number;
}

/** A spent code is kept for another day, for a terminal that missed the answer and asks again. */
const KEEP_CODES_MS = 24 * 3_600_000;

export function openRegistry(database: Database): Registry {
  const sql = prepare(database);

  const openStore = database.transaction((storeId: StoreId, name: string): StoreId => {
    const known = sql.findStore.get(name);
    if (known !== undefined) return storeIdSchema.parse(known.id);
    sql.insertAccount.run(storeId, 'store', null, null);
    sql.insertStore.run(storeId, name);
    return storeId;
  });

  const openWallet = database.transaction((wallet: NewWallet): void => {
    sql.insertAccount.run(wallet.walletId, 'wallet', wallet.currency, 0);
    sql.insertWallet.run(wallet.walletId, wallet.name, wallet.perPaymentLimit);
  });

  /** The code's row if the claim may have it; takes a try from it if not. */
  function redeem(claim: PairingClaim): CodeRow | undefined {
    const row = sql.findCode.get(claim.locator);
    if (row === undefined || row.tries_left === 0) return undefined;
    if (!timingSafeEqual(row.secret_hash, claim.secretHash)) {
      sql.takeTry.run(claim.locator);
      return undefined;
    }
    if (row.used_by_key !== null) return row.used_by_key.equals(claim.publicKey) ? row : undefined;
    return row.expires_at_ms > claim.nowMs ? row : undefined;
  }

  const enrolTerminal = database.transaction(
    (claim: PairingClaim & { readonly name: string; readonly terminalId: TerminalId }) => {
      const code = redeem(claim);
      if (code === undefined || code.store_id === null) return undefined;
      const terminalId = code.became_id ?? claim.terminalId;
      if (code.became_id === null) {
        const key = Buffer.from(claim.publicKey);
        sql.insertTerminal.run(terminalId, code.store_id, claim.name, terminalId, key, claim.nowMs);
        spend(claim, terminalId);
      }
      return {
        terminalId: terminalIdSchema.parse(terminalId),
        storeId: storeIdSchema.parse(code.store_id),
        storeName: sql.storeName.get(code.store_id)?.name ?? '',
      };
    },
  );

  const bindPhone = database.transaction(
    (claim: PairingClaim & { readonly phoneId: string; readonly alias: string }) => {
      const code = redeem(claim);
      if (code === undefined || code.wallet_id === null) return undefined;
      const key = Buffer.from(claim.publicKey);
      const known = code.became_id ?? sql.findPhoneByKey.get(code.wallet_id, key)?.id;
      const phoneId = known ?? claim.phoneId;
      if (known === undefined) {
        sql.insertPhone.run(phoneId, code.wallet_id, claim.alias, phoneId, key, claim.nowMs);
      }
      if (code.became_id === null) spend(claim, phoneId);
      return { phoneId };
    },
  );

  function spend(claim: PairingClaim, becameId: string): void {
    const { changes } = sql.spendCode.run(Buffer.from(claim.publicKey), becameId, claim.locator);
    assert(changes === 1, 'a code is spent once');
  }

  return {
    openStore: async ({ storeId, name }) => openStore.immediate(storeId, name),
    openWallet: async (wallet) => openWallet.immediate(wallet),
    listWallets: async () =>
      sql.listWallets.all().map((row) => ({
        walletId: row.id,
        name: row.name,
        currency: row.currency,
        perPaymentLimit: row.per_payment_limit,
        balance: row.balance,
      })),
    addPairingCode: async (code, nowMs) => {
      sql.forgetCodes.run({ nowMs, keptMs: KEEP_CODES_MS });
      const storeId = 'storeId' in code.for ? code.for.storeId : null;
      const walletId = 'walletId' in code.for ? code.for.walletId : null;
      const { changes } = sql.insertCode.run(
        code.locator,
        Buffer.from(code.secretHash),
        storeId,
        walletId,
        code.expiresAtMs,
        code.tries,
      );
      return changes === 1;
    },
    enrolTerminal: async (claim) => enrolTerminal.immediate(claim),
    bindPhone: async (claim) => bindPhone.immediate(claim),
    isOpen: async (locator, atMs) => {
      const row = sql.findCode.get(locator);
      return row !== undefined && row.used_by_key === null && row.tries_left > 0 && row.expires_at_ms > atMs;
    },
    findSigner: async (keyId) => {
      const terminal = sql.findTerminal.get(keyId);
      if (terminal !== undefined) {
        return {
          type: 'terminal',
          keyId,
          publicKey: terminal.public_key,
          isRevoked: terminal.revoked_at_ms !== null,
          terminalId: terminalIdSchema.parse(terminal.id),
          storeId: storeIdSchema.parse(terminal.store_id),
        };
      }
      const phone = sql.findPhone.get(keyId);
      return phone === undefined ? undefined : { type: 'phone', ...toPhone(phone) };
    },
    findPhoneByAlias: async (alias) => {
      const row = sql.findPhoneByAlias.get(alias);
      return row === undefined ? undefined : toPhone(row);
    },
    revoke: async (keyId, atMs) =>
      sql.revokeTerminal.run(atMs, keyId).changes + sql.revokePhone.run(atMs, keyId).changes > 0,
  };
}

function toPhone(row: PhoneRow): Phone {
  return {
    keyId: row.key_id,
    publicKey: row.public_key,
    isRevoked: row.revoked_at_ms !== null,
    alias: row.alias,
    walletId: row.wallet_id,
    walletName: row.wallet_name,
    currency: row.currency,
    perPaymentLimit: row.per_payment_limit,
  };
}

interface CodeRow {
  readonly secret_hash: Buffer;
  readonly store_id: string | null;
  readonly wallet_id: string | null;
  readonly expires_at_ms: number;
  readonly tries_left: number;
  readonly used_by_key: Buffer | null;
  readonly became_id: string | null;
}

interface TerminalRow {
  readonly id: string;
  readonly store_id: string;
  readonly public_key: Buffer;
  readonly revoked_at_ms: number | null;
}

interface PhoneRow {
  readonly key_id: string;
  readonly public_key: Buffer;
  readonly revoked_at_ms: number | null;
  readonly alias: string;
  readonly wallet_id: string;
  readonly wallet_name: string;
  readonly currency: string;
  readonly per_payment_limit: number;
}

interface WalletRow {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly per_payment_limit: number;
  readonly balance: number;
}

const PHONE = `
  select phone.key_id, phone.public_key, phone.revoked_at_ms, phone.alias, phone.wallet_id,
    wallet.name as wallet_name, account.currency, wallet.per_payment_limit
  from phone join wallet on wallet.id = phone.wallet_id join account on account.id = wallet.id`;

function prepare(database: Database) {
  return {
    insertAccount: database.prepare<[string, string, string | null, number | null]>(
      'insert into account (id, kind, currency, balance) values (?, ?, ?, ?)',
    ),
    findStore: database.prepare<[string], { id: string }>('select id from store where name = ? order by id limit 1'),
    storeName: database.prepare<[string], { name: string }>('select name from store where id = ?'),
    insertStore: database.prepare<[string, string]>('insert into store (id, name) values (?, ?)'),
    insertWallet: database.prepare<[string, string, number]>(
      'insert into wallet (id, name, per_payment_limit) values (?, ?, ?)',
    ),
    listWallets: database.prepare<[], WalletRow>(
      `select wallet.id, wallet.name, account.currency, wallet.per_payment_limit, account.balance
       from wallet join account using (id) order by wallet.id`,
    ),
    insertCode: database.prepare<[string, Buffer, string | null, string | null, number, number]>(
      `insert or ignore into pairing_code (locator, secret_hash, store_id, wallet_id, expires_at_ms, tries_left)
       values (?, ?, ?, ?, ?, ?)`,
    ),
    forgetCodes: database.prepare<{ nowMs: number; keptMs: number }>(
      `delete from pairing_code
       where expires_at_ms < @nowMs and (used_by_key is null or expires_at_ms < @nowMs - @keptMs)`,
    ),
    findCode: database.prepare<[string], CodeRow>(
      `select secret_hash, store_id, wallet_id, expires_at_ms, tries_left, used_by_key, became_id
       from pairing_code where locator = ?`,
    ),
    takeTry: database.prepare<[string]>(
      'update pairing_code set tries_left = tries_left - 1 where locator = ? and tries_left > 0',
    ),
    spendCode: database.prepare<[Buffer, string, string]>(
      'update pairing_code set used_by_key = ?, became_id = ? where locator = ? and used_by_key is null',
    ),
    insertTerminal: database.prepare<[string, string, string, string, Buffer, number]>(
      `insert into terminal (id, store_id, name, key_id, public_key, enrolled_at_ms) values (?, ?, ?, ?, ?, ?)`,
    ),
    findTerminal: database.prepare<[string], TerminalRow>(
      'select id, store_id, public_key, revoked_at_ms from terminal where key_id = ?',
    ),
    revokeTerminal: database.prepare<[number, string]>(
      'update terminal set revoked_at_ms = ? where key_id = ? and revoked_at_ms is null',
    ),
    insertPhone: database.prepare<[string, string, string, string, Buffer, number]>(
      'insert into phone (id, wallet_id, alias, key_id, public_key, bound_at_ms) values (?, ?, ?, ?, ?, ?)',
    ),
    findPhone: database.prepare<[string], PhoneRow>(`${PHONE} where phone.key_id = ?`),
    findPhoneByAlias: database.prepare<[string], PhoneRow>(`${PHONE} where phone.alias = ?`),
    findPhoneByKey: database.prepare<[string, Buffer], { id: string }>(
      'select id from phone where wallet_id = ? and public_key = ? and revoked_at_ms is null',
    ),
    revokePhone: database.prepare<[number, string]>(
      'update phone set revoked_at_ms = ? where key_id = ? and revoked_at_ms is null',
    ),
  };
}
