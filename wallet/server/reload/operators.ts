import type { Selectable } from 'kysely';
import { z } from 'zod';
import { methodKindSchema } from '#contract/reload.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import type { Clock } from '../call.ts';
import { operatorAccount } from '../ledger/ledger.ts';
import type { Books } from '../store/books.ts';
import type { Schema } from '../store/schema.ts';
import { openOperatorClient, type RequestKey } from './operator-client.ts';
import type { OperatorPort } from './operator-port.ts';

/** Who runs the payment means that wallets reload from. */
export interface Operators {
  /** Those whose means can be registered, by name. */
  list(): Promise<readonly OperatorView[]>;
  /** Undefined for one that is not there any more. */
  find(operatorId: string): Promise<{ readonly view: OperatorView; readonly port: OperatorPort } | undefined>;
  /** Adds one, or changes its address, key, name and kinds. */
  put(operator: NewOperator): Promise<OperatorView>;
}

type OperatorView = RouteResponse<'listOperators'>['operators'][number];

export interface NewOperator extends OperatorView {
  readonly url: string;
  /** Signs its webhooks: Ed25519, base64url. */
  readonly publicKey: string;
}

export interface OperatorsOptions {
  readonly books: Books;
  readonly key: RequestKey;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** Ends every call to an operator; none where it is left out. */
  readonly closing?: AbortSignal;
}

const kindsSchema = z.array(methodKindSchema);

export function openOperators(options: OperatorsOptions): Operators {
  const { books, key, clock, random, closing = new AbortController().signal } = options;
  return {
    list: async () => {
      const rows = await books.db
        .selectFrom('operator')
        .selectAll()
        .where('removed_at_ms', 'is', null)
        .orderBy('name')
        .execute();
      return rows.map(toView);
    },

    find: async (operatorId) => {
      const row = await books.db
        .selectFrom('operator')
        .selectAll()
        .where('id', '=', operatorId)
        .where('removed_at_ms', 'is', null)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return { view: toView(row), port: openOperatorClient({ url: row.url, key, clock, random, closing }) };
    },

    put: async ({ operatorId, name, kinds, url, publicKey }) => {
      const said = {
        name,
        url: url.replace(/\/+$/, ''),
        public_key: Buffer.from(publicKey, 'base64url'),
        kinds: JSON.stringify(kinds),
        removed_at_ms: null,
      };
      await books.write(async (trx) => {
        await trx
          .insertInto('operator')
          .values({ id: operatorId, ...said, added_at_ms: clock.nowMs() })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
          .execute();
        // The other side of its reloads.
        await trx
          .insertInto('account')
          .values({ id: operatorAccount(operatorId), kind: 'operator', currency: null, balance: null })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .execute();
      });
      return { operatorId, name, kinds: [...kinds] };
    },
  };
}

function toView(row: Selectable<Schema['operator']>): OperatorView {
  return { operatorId: row.id, name: row.name, kinds: kindsSchema.parse(JSON.parse(row.kinds)) };
}
