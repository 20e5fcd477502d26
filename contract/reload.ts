import { z } from 'zod';
import { uuidV7Schema } from './ids.ts';
import { amountSchema, moneySchema } from './money.ts';

/** Money into the wallet: from which registered payment means, and what became of it. */

export const operatorIdSchema = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
export const methodKindSchema = z.enum(['card', 'bank_account', 'carrier', 'cash_point']);

export const operatorSchema = z.object({
  operatorId: operatorIdSchema,
  name: z.string(),
  kinds: z.array(methodKindSchema),
});

/** A payment means of some operator, registered as a way to reload. The wallet never sees a card or account number. */
export const reloadMethodSchema = z.object({
  methodId: uuidV7Schema,
  operatorId: operatorIdSchema,
  operatorName: z.string(),
  kind: methodKindSchema,
  /** For example `Kumo Card •••• 4242`. */
  displayName: z.string(),
  registeredAt: z.iso.datetime(),
});
export type ReloadMethod = z.infer<typeof reloadMethodSchema>;

/**
 * `pending` while the operator has not said (its answer was lost, or it takes its time): the server asks until it knows,
 * and credits once. `credited` is the only state in which the money is in the wallet.
 */
export const reloadSchema = z.object({
  reloadId: uuidV7Schema,
  methodId: uuidV7Schema,
  state: z.enum(['pending', 'credited', 'declined', 'reversed', 'charged_back']),
  amount: moneySchema,
  /** What asked for it. */
  cause: z.enum(['customer', 'auto', 'linked']),
  /** Of a declined one: a stable code. */
  reason: z
    .enum(['insufficient_funds', 'do_not_honour', 'expired', 'limit_exceeded', 'operator_unavailable', 'other'])
    .optional(),
  requestedAt: z.iso.datetime(),
  settledAt: z.iso.datetime().optional(),
  /** The wallet's balance after it, where it was credited just now. */
  balance: moneySchema.optional(),
});
export type ReloadView = z.infer<typeof reloadSchema>;

export const autoReloadSchema = z.object({
  isOn: z.boolean(),
  methodId: uuidV7Schema,
  /** Below this balance, that much is reloaded: minor units of the wallet's currency. */
  threshold: amountSchema.nonnegative(),
  amount: amountSchema.positive(),
  dailyCap: amountSchema.positive(),
  monthlyCap: amountSchema.positive(),
});
export type AutoReload = z.infer<typeof autoReloadSchema>;
