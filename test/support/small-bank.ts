import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { attemptIdSchema, checkIdSchema, storeIdSchema, terminalIdSchema, uuidV7 } from '#contract/ids.ts';
import { openRandom, type Random } from '#test/support/random.ts';
import { ISSUER_ACCOUNT, type Ledger, type Outcome, type Settle } from '#wallet/server/ledger/ledger.ts';
import type { Books } from '#wallet/server/store/books.ts';

/**
 * Few wallets with little money, many who take it at once, and the same request now and then once more: the bank test,
 * as Jepsen asks it. Money may be refused, yet never made or lost, and what was answered stays answered.
 */
export interface SmallBank {
  /** Takes and pays in until `isOver`, and books each list again until it is answered. */
  work(ledger: Ledger, isOver: () => boolean): Promise<void>;
  /** Reads whether money was made or lost, over and over until `isOver`; returns how often it could. */
  watch(books: Books, isOver: () => boolean): Promise<number>;
  /** Compares all that was answered with the tables, and the tables with themselves. */
  check(ledger: Ledger): Promise<Findings>;
  /** So far: commands answered, lists that had to be booked again, and why. */
  readonly answered: () => number;
  readonly troubles: readonly string[];
}

interface Findings {
  /** Answered, and not in the tables as it was answered. */
  readonly lost: number;
  /** Answered in two ways. */
  readonly changed: number;
  readonly sum: number;
  readonly faults: readonly string[];
}

const WALLETS = 50;
const STORES = 5;
const MAX_LIST = 40;
const REST_MS = 20;

export async function openSmallBank(books: Books, seed: number): Promise<SmallBank> {
  const random = openRandom(seed);
  const wallets = Array.from({ length: WALLETS }, newId);
  const stores = Array.from({ length: STORES }, newId);
  await seedBank(books, wallets, stores);

  const known: Settle[] = [];
  const answers = new Map<string, string>();
  const troubles: string[] = [];
  let answered = 0;
  let changed = 0;

  function settle(): Settle {
    const walletId = random.pick(wallets) ?? '';
    return settlementOf({ walletId, storeId: random.pick(stores), amount: random.between(1, 50) });
  }

  /** New ones, some of before, and some of this very list. */
  function list(random: Random): Settle[] {
    const commands: Settle[] = [];
    for (let count = random.between(1, MAX_LIST); count > 0; count--) {
      const before = random.percent(15) ? random.pick(known) : random.percent(5) ? random.pick(commands) : undefined;
      const command = before ?? settle();
      if (before === undefined) known.push(command);
      commands.push(command);
    }
    return commands;
  }

  async function insist<T>(book: () => Promise<T>, isOver: () => boolean): Promise<T | undefined> {
    for (;;) {
      try {
        return await book();
      } catch (error) {
        troubles.push(error instanceof Error ? error.message : String(error));
        if (isOver()) return undefined;
        await pause(REST_MS);
      }
    }
  }

  function hear(command: Settle, outcome: Outcome | undefined): void {
    const answer = outcome?.type === 'settlement' ? outcome.settlement.state : JSON.stringify(outcome);
    const before = answers.get(command.settlementId);
    if (before !== undefined && before !== answer) changed += 1;
    answers.set(command.settlementId, answer);
    answered += 1;
  }

  return {
    troubles,
    answered: () => answered,

    async work(ledger, isOver) {
      while (!isOver()) {
        const commands = list(random);
        const outcomes = await insist(() => ledger.book(commands), isOver);
        if (outcomes !== undefined) commands.forEach((command, index) => hear(command, outcomes[index]));
        if (!random.percent(10)) continue;
        const amount = { amount: random.between(1, 2_000), currency: 'JPY' };
        const walletId = random.pick(wallets) ?? '';
        const reload = { type: 'reload' as const, reloadId: newId(), walletId, fromAccount: ISSUER_ACCOUNT, amount };
        await insist(() => ledger.book([{ ...reload, atMs: Date.now() }]), isOver);
      }
    },

    async watch({ db }, isOver) {
      let reads = 0;
      while (!isOver()) {
        // One statement, one snapshot.
        const seen = await sql<{ left: number; least: number }>`
          select
            (select sum(balance) from account where kind = 'wallet')
              + (select coalesce(sum(amount), 0) from settlement where was_booked = 1)
              - (select coalesce(sum(amount), 0) from transfer where kind = 'reload') as left,
            (select min(balance) from account where kind = 'wallet') as least`
          .execute(db)
          .catch(() => undefined);
        const row = seen?.rows[0];
        if (row !== undefined) {
          reads += 1;
          if (row.left !== 0) troubles.push(`money was made or lost: ${row.left}`);
          if (row.least < 0) troubles.push(`a wallet is below zero: ${row.least}`);
        }
        await pause(REST_MS);
      }
      return reads;
    },

    async check(ledger) {
      // What is answered while the books are read may be missing from them.
      const answeredBefore = [...answers];
      const { settlements, sum, faults } = await ledger.readBooks();
      const states = new Map(settlements.map(({ settlementId, state }) => [settlementId, state]));
      const lost = answeredBefore.filter(([settlementId, answer]) => states.get(settlementId) !== answer).length;
      return { lost, changed, sum, faults };
    },
  };
}

export function newId(): string {
  return uuidV7(Date.now(), randomBytes(10));
}

let counter = 0;

/** A new one each time, of a customer whose code was never used. */
export function settlementOf(about: {
  readonly walletId: string;
  readonly storeId?: string | undefined;
  readonly amount: number;
}): Settle {
  const { walletId, storeId = newId(), amount } = about;
  return {
    type: 'settle',
    settlementId: attemptIdSchema.parse(newId()),
    storeId: storeIdSchema.parse(storeId),
    terminalId: TERMINAL,
    checkId: CHECK,
    amount: { amount, currency: 'JPY' },
    payer: {
      isGood: true,
      alias: `alias-${walletId}`,
      counter: ++counter,
      walletId,
      perPaymentLimit: 1_000,
      offlineAllowance: { amount: 0, currency: 'JPY' },
      member: { memberRef: `ref-${walletId}`, maskedName: 'Haru •••', settlementMethod: 'shown_code' },
    },
    mode: 'online',
    fee: Math.floor(amount / 10),
    limits: { perPayment: 1_000, perDay: 1_000_000, perMonth: 10_000_000, day: 20_000, month: 660 },
    capturedAtMs: Date.now(),
    atMs: Date.now(),
  };
}

const TERMINAL = terminalIdSchema.parse('01900000-0000-7000-8000-000000000001');
const CHECK = checkIdSchema.parse('01900000-0000-7000-8000-000000000002');

/** Empty wallets and stores, as registration would make them. */
export async function seedBank(books: Books, wallets: readonly string[], stores: readonly string[]): Promise<void> {
  await books.write(async (trx) => {
    const ofWallet = { kind: 'wallet' as const, currency: 'JPY', balance: 0 };
    const ofStore = { kind: 'store' as const, currency: null, balance: null };
    await trx
      .insertInto('account')
      .values([...wallets.map((id) => ({ id, ...ofWallet })), ...stores.map((id) => ({ id, ...ofStore }))])
      .execute();
    await trx
      .insertInto('wallet')
      .values(wallets.map((id) => ({ id, name: 'Haru Tanaka', per_payment_limit: 1_000, pin_hash: null })))
      .execute();
    await trx
      .insertInto('store')
      .values(stores.map((id) => ({ id, name: 'A café' })))
      .execute();
  });
}
