import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  allotmentViewSchema,
  checkViewSchema,
  groupPaymentViewSchema,
  groupResultSchema,
  groupSchema,
  personBalanceSchema,
} from '#contract/group.ts';
import { currencySchema, moneySchema } from '#contract/money.ts';
import { autoReloadSchema, operatorSchema, reloadMethodSchema, reloadSchema } from '#contract/reload.ts';
import { memberSchema, refundSchema, settlementRequestSchema, settlementSchema } from '#contract/settlement.ts';
import {
  historyEntrySchema,
  offlinePolicySchema,
  problemSchema,
  signingKeySchema,
  storeLedgerEntrySchema,
  terminalViewSchema,
  walletEventSchema,
} from '#contract/wallet.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON Schema 2020-12, which OpenAPI 3.1 speaks, of our shapes. Those that have a name are said once. */
export interface SchemaBook {
  /** Undefined for a body that is not there. */
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema | undefined;
  /** All that were named so far, for `components`. */
  all(): Readonly<Record<string, JsonSchema>>;
}

const named: Readonly<Record<string, z.ZodType>> = {
  Currency: currencySchema,
  Money: moneySchema,
  Problem: problemSchema,
  Member: memberSchema,
  Settlement: settlementSchema,
  SettlementRequest: settlementRequestSchema,
  Refund: refundSchema,
  Group: groupSchema,
  GroupResult: groupResultSchema,
  Check: checkViewSchema,
  GroupPayment: groupPaymentViewSchema,
  Allotment: allotmentViewSchema,
  PersonBalance: personBalanceSchema,
  ReloadMethod: reloadMethodSchema,
  Reload: reloadSchema,
  AutoReload: autoReloadSchema,
  Operator: operatorSchema,
  HistoryEntry: historyEntrySchema,
  StoreLedgerEntry: storeLedgerEntrySchema,
  WalletEvent: walletEventSchema,
  Terminal: terminalViewSchema,
  OfflinePolicy: offlinePolicySchema,
  SigningKey: signingKeySchema,
};

/** What a rule in code cannot say by itself. */
const said: Readonly<Record<string, JsonSchema>> = {
  Currency: { type: 'string', pattern: '^[A-Z]{3}$', description: 'An active ISO 4217 code.', examples: ['JPY'] },
};

/** Formats that JSON Schema knows; our own are told by their pattern. */
const FORMATS = new Set(['date-time', 'date', 'uri']);

export function openComponents(): SchemaBook {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const components: Record<string, JsonSchema> = {};

  function convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const {
      $schema: _,
      $defs = {},
      ...own
    } = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io,
      metadata: registry as never,
      override: ({ jsonSchema }) => tidy(jsonSchema),
    });
    for (const [id, definition] of Object.entries($defs)) {
      const moved = said[id] ?? (moveReferences(definition) as JsonSchema);
      const known = components[id];
      // A shape with defaults reads differently to whoever sends it and to whoever is answered.
      if (known !== undefined && !isDeepStrictEqual(known, moved)) throw new Error(`${id} has two shapes`);
      components[id] = moved;
    }
    return moveReferences(own) as JsonSchema;
  }

  for (const name of ['Problem', 'WalletEvent']) {
    const schema = named[name];
    if (schema !== undefined) convert(schema, 'output');
  }
  return {
    of: (schema, io) => (schema instanceof z.ZodUndefined ? undefined : convert(schema, io)),
    all: () => components,
  };
}

/** What zod says for itself and would mean something else here. */
function tidy(schema: Record<string, unknown>): void {
  // An answer may say more in time; and "read only" would forbid money in a request.
  delete schema['additionalProperties'];
  delete schema['readOnly'];
  // The whole calendar in one expression: the format says it. All our times end in Z.
  if (schema['format'] === 'date-time') schema['pattern'] = 'Z$';
  if (schema['format'] === 'date') delete schema['pattern'];
  if (schema['format'] === 'uri') delete schema['pattern'];
  if (typeof schema['format'] === 'string' && !FORMATS.has(schema['format'])) delete schema['format'];
}

function moveReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moveReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      key === '$ref' && typeof child === 'string'
        ? child.replace('#/$defs/', '#/components/schemas/')
        : moveReferences(child),
    ]),
  );
}
