import assert from 'node:assert';
import { timingSafeEqual } from 'node:crypto';
import type { CompiledQuery, InferResult, Kysely, Transaction } from 'kysely';
import { type StoreId, storeIdSchema, type TerminalId, terminalIdSchema } from '#contract/ids.ts';
import { openDenyList } from '../deny-list.ts';
import type { Books } from './books.ts';
import type { Schema } from './schema.ts';

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
  ): Promise<EnrolledTerminal | undefined>;
  bindPhone(
    claim: PairingClaim & { readonly phoneId: string; readonly alias: string; readonly name?: string },
  ): Promise<{ readonly phoneId: string } | undefined>;
  /** Whether a pairing code can still be redeemed at that time. */
  isOpen(locator: string, atMs: number): Promise<boolean>;
  /** Who signs requests with a key. */
  findSigner(keyId: string): Promise<Signer | undefined>;
  findPhoneByAlias(alias: string): Promise<Phone | undefined>;
  /** From now on the terminal may do what terminals do. Resolves to false where no such terminal waits for it. */
  approveTerminal(terminalId: string, atMs: number): Promise<boolean>;
  /**
   * From now on the key signs nothing; of a phone, terminals without the network are told too, by the deny list. Resolves
   * to false where no such key is in use.
   */
  revoke(keyId: string, atMs: number): Promise<boolean>;
}

interface NewWallet {
  readonly walletId: string;
  readonly name: string;
  readonly currency: string;
  readonly perPaymentLimit: number;
  /** Chosen for each of its phones, minor units. */
  readonly offlineAllowance?: number;
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
  /** Of a store's: the terminal that redeems it needs nobody's approval. */
  readonly isApproved?: boolean;
}

export type PairingSubject = { readonly storeId: StoreId } | { readonly walletId: string };

interface PairingClaim {
  readonly locator: string;
  readonly secretHash: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly nowMs: number;
}

interface EnrolledTerminal {
  readonly terminalId: TerminalId;
  readonly storeId: StoreId;
  readonly storeName: string;
  /** False: until an administrator compared the fingerprint, it may do nothing. */
  readonly isApproved: boolean;
}

export type Signer =
  | {
      readonly type: 'terminal';
      readonly keyId: string;
      readonly publicKey: Uint8Array;
      readonly isRevoked: boolean;
      readonly isApproved: boolean;
      readonly terminalId: TerminalId;
      readonly storeId: StoreId;
    }
  | ({ readonly type: 'phone' } & Phone);

export interface Phone {
  readonly phoneId: string;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly isRevoked: boolean;
  readonly alias: string;
  /** What its owner calls it; may be empty. */
  readonly name: string;
  readonly walletId: string;
  readonly walletName: string;
  readonly currency: string;
  readonly perPaymentLimit: number;
}

/** A spent code is kept for another day, for a terminal that missed the answer and asks again. */
const KEEP_CODES_MS = 24 * 3_600_000;

export function openRegistry(books: Books): Registry {
  const { db } = books;
  const denyList = openDenyList(books);
  // Asked with every request: compiled once.
  const terminalByKey = db
    .selectFrom('terminal')
    .select(['id', 'store_id', 'public_key', 'approved_at_ms', 'revoked_at_ms'])
    .where('key_id', '=', '')
    .compile();
  const phoneByKey = selectPhones(db).where('phone.key_id', '=', '').compile();
  const phoneByAlias = selectPhones(db).where('phone.alias', '=', '').compile();
  const findOne = async <Row>(query: CompiledQuery<Row>, value: string): Promise<Row | undefined> =>
    (await db.executeQuery<Row>({ ...query, parameters: [value] })).rows[0];

  /** The code's row if the claim may have it; takes a try from it if not. */
  async function redeem(trx: Transaction<Schema>, claim: PairingClaim) {
    const row = await trx
      .selectFrom('pairing_code')
      .selectAll()
      .where('locator', '=', claim.locator)
      .$if(books.dialect === 'postgres', (query) => query.forUpdate())
      .executeTakeFirst();
    if (row === undefined || row.tries_left === 0) return undefined;
    if (!timingSafeEqual(row.secret_hash, claim.secretHash)) {
      await trx
        .updateTable('pairing_code')
        .set({ tries_left: row.tries_left - 1 })
        .where('locator', '=', claim.locator)
        .execute();
      return undefined;
    }
    if (row.used_by_key !== null) return row.used_by_key.equals(claim.publicKey) ? row : undefined;
    return row.expires_at_ms > claim.nowMs ? row : undefined;
  }

  return {
    openStore: ({ storeId, name }) =>
      books.write(async (trx) => {
        const known = await trx
          .selectFrom('store')
          .select('id')
          .where('name', '=', name)
          .orderBy('id')
          .executeTakeFirst();
        if (known !== undefined) return storeIdSchema.parse(known.id);
        await trx.insertInto('account').values({ id: storeId, kind: 'store', currency: null, balance: null }).execute();
        await trx.insertInto('store').values({ id: storeId, name }).execute();
        return storeId;
      }),

    openWallet: ({ walletId, name, currency, perPaymentLimit, offlineAllowance = 0 }) =>
      books.write(async (trx) => {
        await trx.insertInto('account').values({ id: walletId, kind: 'wallet', currency, balance: 0 }).execute();
        await trx
          .insertInto('wallet')
          .values({
            id: walletId,
            name,
            per_payment_limit: perPaymentLimit,
            offline_allowance: offlineAllowance,
            pin_hash: null,
          })
          .execute();
      }),

    listWallets: async () => {
      const rows = await db
        .selectFrom('wallet')
        .innerJoin('account', 'account.id', 'wallet.id')
        .select(['wallet.id', 'wallet.name', 'wallet.per_payment_limit', 'account.currency', 'account.balance'])
        .orderBy('wallet.id')
        .execute();
      return rows.map((row) => ({
        walletId: row.id,
        name: row.name,
        currency: currencyOf(row),
        perPaymentLimit: row.per_payment_limit,
        balance: row.balance ?? 0,
      }));
    },

    addPairingCode: (code, nowMs) =>
      books.write(async (trx) => {
        await trx
          .deleteFrom('pairing_code')
          .where('expires_at_ms', '<', nowMs)
          .where((is) => is.or([is('used_by_key', 'is', null), is('expires_at_ms', '<', nowMs - KEEP_CODES_MS)]))
          .execute();
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('pairing_code')
          .values({
            locator: code.locator,
            secret_hash: Buffer.from(code.secretHash),
            store_id: 'storeId' in code.for ? code.for.storeId : null,
            wallet_id: 'walletId' in code.for ? code.for.walletId : null,
            is_approved: code.isApproved === true ? 1 : 0,
            expires_at_ms: code.expiresAtMs,
            tries_left: code.tries,
            used_by_key: null,
            became_id: null,
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        return numInsertedOrUpdatedRows === 1n;
      }),

    enrolTerminal: (claim) =>
      books.write(async (trx) => {
        const code = await redeem(trx, claim);
        if (code === undefined || code.store_id === null) return undefined;
        const terminalId = code.became_id ?? claim.terminalId;
        if (code.became_id === null) {
          await trx
            .insertInto('terminal')
            .values({
              id: terminalId,
              store_id: code.store_id,
              name: claim.name,
              key_id: terminalId,
              public_key: Buffer.from(claim.publicKey),
              enrolled_at_ms: claim.nowMs,
              approved_at_ms: code.is_approved === 1 ? claim.nowMs : null,
              revoked_at_ms: null,
            })
            .execute();
          await spend(trx, claim, terminalId);
        }
        const terminal = await trx
          .selectFrom('terminal')
          .innerJoin('store', 'store.id', 'terminal.store_id')
          .select(['terminal.approved_at_ms', 'store.name'])
          .where('terminal.id', '=', terminalId)
          .executeTakeFirstOrThrow();
        return {
          terminalId: terminalIdSchema.parse(terminalId),
          storeId: storeIdSchema.parse(code.store_id),
          storeName: terminal.name,
          isApproved: terminal.approved_at_ms !== null,
        };
      }),

    bindPhone: (claim) =>
      books.write(async (trx) => {
        const code = await redeem(trx, claim);
        if (code === undefined || code.wallet_id === null) return undefined;
        const key = Buffer.from(claim.publicKey);
        const phone = await trx
          .selectFrom('phone')
          .select('id')
          .where('wallet_id', '=', code.wallet_id)
          .where('public_key', '=', key)
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirst();
        const known = code.became_id ?? phone?.id;
        const phoneId = known ?? claim.phoneId;
        if (known === undefined) {
          await trx
            .insertInto('phone')
            .values({
              id: phoneId,
              wallet_id: code.wallet_id,
              alias: claim.alias,
              key_id: phoneId,
              public_key: key,
              name: claim.name ?? '',
              bound_at_ms: claim.nowMs,
              revoked_at_ms: null,
            })
            .execute();
        }
        if (code.became_id === null) await spend(trx, claim, phoneId);
        return { phoneId };
      }),

    isOpen: async (locator, atMs) => {
      const row = await db
        .selectFrom('pairing_code')
        .select(['used_by_key', 'tries_left', 'expires_at_ms'])
        .where('locator', '=', locator)
        .executeTakeFirst();
      return row !== undefined && row.used_by_key === null && row.tries_left > 0 && row.expires_at_ms > atMs;
    },

    findSigner: async (keyId) => {
      const terminal = await findOne(terminalByKey, keyId);
      if (terminal !== undefined) {
        return {
          type: 'terminal',
          keyId,
          publicKey: terminal.public_key,
          isRevoked: terminal.revoked_at_ms !== null,
          isApproved: terminal.approved_at_ms !== null,
          terminalId: terminalIdSchema.parse(terminal.id),
          storeId: storeIdSchema.parse(terminal.store_id),
        };
      }
      const phone = await findOne(phoneByKey, keyId);
      return phone === undefined ? undefined : { type: 'phone', ...toPhone(phone) };
    },

    findPhoneByAlias: async (alias) => {
      const row = await findOne(phoneByAlias, alias);
      return row === undefined ? undefined : toPhone(row);
    },

    approveTerminal: async (terminalId, atMs) => {
      const { numUpdatedRows } = await db
        .updateTable('terminal')
        .set({ approved_at_ms: atMs })
        .where('id', '=', terminalId)
        .where('approved_at_ms', 'is', null)
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    revoke: (keyId, atMs) =>
      books.write(async (trx) => {
        const revoked = { revoked_at_ms: atMs };
        const terminals = await trx
          .updateTable('terminal')
          .set(revoked)
          .where('key_id', '=', keyId)
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirstOrThrow();
        const phone = await trx
          .updateTable('phone')
          .set(revoked)
          .where('key_id', '=', keyId)
          .where('revoked_at_ms', 'is', null)
          .returning('alias')
          .executeTakeFirst();
        if (phone !== undefined) await denyList.addIn(trx, phone.alias, 'phone_removed', atMs);
        return terminals.numUpdatedRows > 0n || phone !== undefined;
      }),
  };
}

async function spend(trx: Transaction<Schema>, claim: PairingClaim, becameId: string): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('pairing_code')
    .set({ used_by_key: Buffer.from(claim.publicKey), became_id: becameId })
    .where('locator', '=', claim.locator)
    .where('used_by_key', 'is', null)
    .executeTakeFirstOrThrow();
  assert(numUpdatedRows === 1n, 'a code is spent once');
}

function selectPhones(db: Kysely<Schema>) {
  return db
    .selectFrom('phone')
    .innerJoin('wallet', 'wallet.id', 'phone.wallet_id')
    .innerJoin('account', 'account.id', 'phone.wallet_id')
    .select([
      'phone.id',
      'phone.key_id',
      'phone.public_key',
      'phone.revoked_at_ms',
      'phone.alias',
      'phone.name',
      'phone.wallet_id',
      'wallet.name as wallet_name',
      'wallet.per_payment_limit',
      'account.currency',
    ]);
}

function toPhone(row: PhoneRow): Phone {
  return {
    phoneId: row.id,
    keyId: row.key_id,
    publicKey: row.public_key,
    isRevoked: row.revoked_at_ms !== null,
    alias: row.alias,
    name: row.name,
    walletId: row.wallet_id,
    walletName: row.wallet_name,
    currency: currencyOf(row),
    perPaymentLimit: row.per_payment_limit,
  };
}

type PhoneRow = InferResult<ReturnType<typeof selectPhones>>[number];

function currencyOf({ currency }: { readonly currency: string | null }): string {
  assert(currency !== null, 'a wallet holds one currency');
  return currency;
}
