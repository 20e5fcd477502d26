import { attemptIdSchema, refundIdSchema } from '#contract/ids.ts';
import type { RouteResponse } from '#contract/wallet.ts';
import type { Outcome } from '../ledger/ledger.ts';
import { Refusal } from '../problem.ts';
import { type HandlersOf, type Parts, refusalOf, terminalOf } from './parts.ts';

export function settlementRoutes(
  parts: Parts,
): HandlersOf<'putSettlement' | 'getSettlement' | 'cancelSettlement' | 'putRefund'> {
  const { bookkeeper, ledger, tokens, clock, newId } = parts;
  return {
    putSettlement: async ({ params, body, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      if (body.amount.amount <= 0) return new Refusal('bad_request', 'amount: a settlement is above zero');
      const nowMs = clock.nowMs();
      // A code that was read without the network is judged by when it was read.
      const readAtMs = body.mode === 'offline' ? Math.min(Date.parse(body.capturedAt), nowMs) : nowMs;
      const payer = await tokens.judge(body.token, storeId, readAtMs);
      const { checkId, amount } = body;
      const settlementId = attemptIdSchema.parse(params.settlementId);
      return settlementOf(
        await bookkeeper.book({
          type: 'settle',
          settlementId,
          storeId,
          terminalId,
          checkId,
          amount,
          payer,
          atMs: nowMs,
        }),
      );
    },

    getSettlement: async ({ params, signer }) => {
      const { storeId } = terminalOf(signer);
      const settlement = await ledger.findSettlement(attemptIdSchema.parse(params.settlementId), storeId);
      return settlement ?? new Refusal('not_found');
    },

    cancelSettlement: async ({ params, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      const settlementId = attemptIdSchema.parse(params.settlementId);
      const atMs = clock.nowMs();
      return settlementOf(
        await bookkeeper.book({ type: 'cancel', settlementId, storeId, terminalId, transferId: newId(), atMs }),
      );
    },

    putRefund: async ({ params, body, signer }) => {
      const { storeId, terminalId } = terminalOf(signer);
      if (body.amount.amount <= 0) return new Refusal('bad_request', 'amount: a refund is above zero');
      const outcome = await bookkeeper.book({
        type: 'refund',
        refundId: refundIdSchema.parse(params.refundId),
        settlementId: attemptIdSchema.parse(params.settlementId),
        storeId,
        terminalId,
        amount: body.amount,
        reason: body.reason,
        atMs: clock.nowMs(),
      });
      if (outcome.type === 'refund') return outcome.refund;
      return refusalOf(outcome);
    },
  };
}

function settlementOf(outcome: Outcome): RouteResponse<'putSettlement'> | Refusal {
  return outcome.type === 'settlement' ? outcome.settlement : refusalOf(outcome);
}
