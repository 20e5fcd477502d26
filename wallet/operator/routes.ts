import { setTimeout as wait } from 'node:timers/promises';
import { looksLikeCardNumber, type OperatorInfo } from '#contract/operator.ts';
import type { Authorisations } from './authorisations.ts';
import type { Events } from './events.ts';
import { type Handlers, Silence } from './http.ts';
import { Refusal } from './problem.ts';
import type { Behaviour, Delays } from './simulation.ts';
import type { Tokens } from './tokens.ts';

export interface RouteOptions {
  readonly info: OperatorInfo;
  readonly tokens: Tokens;
  readonly authorisations: Authorisations;
  readonly events: Events;
  readonly behaviourOf: (amount: { readonly amount: number; readonly currency: string }) => Behaviour;
  readonly delays: Delays;
  readonly clock: { nowMs(): number };
}

/** Ids that were answered 503 once, remembered for as long as anybody tries again. */
const MAX_REMEMBERED = 10_000;

/** The contract's routes, each in a few lines. */
export function buildRoutes(options: RouteOptions): Handlers {
  const { info, tokens, authorisations, events, behaviourOf, delays, clock } = options;
  const wasOut = new Set<string>();

  function isOutNow(id: string): boolean {
    if (wasOut.has(id)) return false;
    if (wasOut.size >= MAX_REMEMBERED) wasOut.clear();
    wasOut.add(id);
    return true;
  }

  return {
    getInfo: async () => info,

    createToken: async ({ body: { setupToken, kind }, idempotencyKey }) => {
      if (looksLikeCardNumber(setupToken)) {
        return new Refusal('card_number_refused', 'This is a card number. Nothing was kept of it: use a set-up code.');
      }
      if (!info.kinds.some((known) => known.kind === kind)) return new Refusal('kind_unknown');
      const means = tokens.create({ kind, setupToken, idempotencyKey, nowMs: clock.nowMs() });
      return means === 'mismatch' ? new Refusal('duplicate_mismatch') : means;
    },

    deleteToken: async ({ params: { token } }) =>
      tokens.remove(token, clock.nowMs()) ? { token } : new Refusal('not_found'),

    putAuthorisation: async ({ params: { authorisationId }, body }) => {
      const behaviour = behaviourOf(body.amount);
      if (behaviour.isOutOnce && authorisations.find(authorisationId) === undefined && isOutNow(authorisationId)) {
        return new Refusal('unavailable');
      }
      const asked = authorisations.authorise(authorisationId, body);
      if (asked === undefined) return new Refusal('duplicate_mismatch');
      const { authorisation, isNew } = asked;
      if (isNew && behaviour.answer === 'withheld') return new Silence(delays.withheldMs);
      if (isNew && behaviour.answer === 'slow') await wait(delays.slowMs, undefined, { ref: false });
      return authorisation;
    },

    captureAuthorisation: async ({ params: { authorisationId } }) => {
      const authorisation = authorisations.capture(authorisationId);
      if (authorisation === undefined) return new Refusal('not_found');
      return authorisation.state === 'captured' ? authorisation : new Refusal('not_capturable', authorisation.state);
    },

    getAuthorisation: async ({ params: { authorisationId } }) =>
      authorisations.find(authorisationId) ?? new Refusal('not_found'),

    reverseAuthorisation: async ({ params: { authorisationId } }) => authorisations.reverse(authorisationId),

    getSettlementFile: async ({ query: { date, cursor } }) =>
      events.readFile(info.operatorId, date, Number(cursor ?? 0)),
  };
}
