import type { Money } from '#contract/money.ts';
import type {
  Authorisation,
  Means,
  OperatorProblemCode,
  OperatorWebhook,
  SettlementFileRow,
} from '#contract/operator.ts';

/**
 * What the wallet asks of whoever runs a payment means.
 *
 * A port: behind it is an operator's server, or any other provider. Every call carries an id of ours and may be made again:
 * the same id is the same thing. No call throws; each resolves within a few seconds.
 */
export interface OperatorPort {
  /** Exchanges what the customer typed for a token. `methodId` is the idempotency key. */
  tokenise(request: {
    readonly methodId: string;
    readonly kind: Means['kind'];
    readonly setupToken: string;
  }): Promise<PortResult<Means>>;
  /** The token pays nothing more. */
  forget(token: string): Promise<PortResult<undefined>>;
  /** Takes the money, or sets it aside where the operator knows no other way: see the state. */
  authorise(request: {
    readonly authorisationId: string;
    readonly token: string;
    readonly amount: Money;
  }): Promise<PortResult<Authorisation>>;
  capture(authorisationId: string): Promise<PortResult<Authorisation>>;
  /** What became of it. A failure `not_found` means that it was never seen. */
  inquire(authorisationId: string): Promise<PortResult<Authorisation>>;
  /** Gives back or lets go; an id that was never seen can never be authorised afterwards. */
  reverse(authorisationId: string): Promise<PortResult<Authorisation>>;
  /** What a webhook says, whose signature was verified. */
  parseWebhook(body: unknown): PortResult<OperatorWebhook>;
  /** Every movement of money of one UTC day, `2026-11-23`. */
  settlementFile(date: string): Promise<PortResult<readonly SettlementFileRow[]>>;
}

/**
 * Unknown is no failure: the request may have been heard, or may yet be. A failure is the operator's word that nothing
 * was done.
 */
export type PortResult<Value> =
  | { readonly type: 'success'; readonly value: Value }
  | { readonly type: 'failure'; readonly code: OperatorProblemCode }
  | { readonly type: 'unknown' };
