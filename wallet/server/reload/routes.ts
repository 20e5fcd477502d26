import type { RouteName } from '#contract/wallet.ts';
import type { Handlers } from '../call.ts';
import { Refusal } from '../problem.ts';
import { phoneOf } from '../routes/parts.ts';
import type { Books } from '../store/books.ts';
import type { AutoReloads } from './auto-reload.ts';
import type { Methods } from './methods.ts';
import type { Operators } from './operators.ts';
import { reconcile } from './reconciliation.ts';
import { toView } from './reload-rows.ts';
import type { Reloads } from './reloads.ts';

export interface ReloadRouteParts {
  readonly books: Books;
  readonly operators: Operators;
  readonly methods: Methods;
  readonly reloads: Reloads;
  readonly autoReloads: AutoReloads;
  /** A wallet may be below its threshold now. */
  readonly onLow: () => void;
}

const names = [
  'listOperators',
  'addReloadMethod',
  'removeReloadMethod',
  'putReload',
  'getReload',
  'putAutoReload',
  'operatorWebhook',
  'adminPutOperator',
  'adminReconcileOperator',
] as const satisfies readonly RouteName[];

export type ReloadHandlers = Pick<Handlers, (typeof names)[number]>;

export function reloadRoutes(parts: ReloadRouteParts): ReloadHandlers {
  const { books, operators, methods, reloads, autoReloads, onLow } = parts;
  return {
    listOperators: async () => ({ operators: [...(await operators.list())] }),

    addReloadMethod: ({ body, signer }) => methods.add(phoneOf(signer).walletId, body),

    removeReloadMethod: async ({ params: { methodId }, signer }) =>
      (await methods.remove(phoneOf(signer).walletId, methodId)) ? { methodId } : new Refusal('not_found'),

    putReload: async ({ params: { reloadId }, body, signer }) => {
      const { walletId } = phoneOf(signer);
      const { methodId, amount } = body;
      const standing = await reloads.start({ reloadId, walletId, methodId, amount, cause: 'customer' });
      return standing instanceof Refusal ? standing : toView(standing.row, standing.balance);
    },

    getReload: async ({ params: { reloadId }, signer }) => {
      const row = await reloads.find(reloadId, phoneOf(signer).walletId);
      return row === undefined ? new Refusal('not_found') : toView(row);
    },

    putAutoReload: async ({ body, signer }) => {
      const chosen = await autoReloads.choose(phoneOf(signer).walletId, body);
      onLow();
      return chosen;
    },

    operatorWebhook: async ({ params: { operatorId }, body }) => {
      const operator = await operators.find(operatorId);
      const parsed = operator?.port.parseWebhook(body);
      if (parsed?.type !== 'success') return new Refusal(operator === undefined ? 'not_found' : 'bad_request');
      const heard = await reloads.hear(operatorId, parsed.value);
      return heard === 'heard' ? { isAccepted: true } : new Refusal(heard);
    },

    adminPutOperator: ({ params: { operatorId }, body }) => operators.put({ operatorId, ...body }),

    adminReconcileOperator: async ({ params: { operatorId }, query: { date } }) => {
      const found = await reconcile(books, operators, operatorId, date);
      if (found === undefined) return new Refusal('not_found');
      return found === 'unknown' ? new Refusal('operator_unavailable') : found;
    },
  };
}
