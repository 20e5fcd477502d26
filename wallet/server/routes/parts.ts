import type { StoreId } from '#contract/ids.ts';
import type { RouteName } from '#contract/wallet.ts';
import type { Allowances } from '../allowance.ts';
import type { Clock, Handlers, Identity } from '../call.ts';
import type { Events } from '../events.ts';
import type { Bookkeeper } from '../group-commit.ts';
import type { ServerKeys } from '../keys.ts';
import type { Ledger, Outcome } from '../ledger/ledger.ts';
import type { People } from '../people.ts';
import type { Pins } from '../pin.ts';
import { Refusal } from '../problem.ts';
import type { LinkedPayments } from '../reload/linked.ts';
import type { Books } from '../store/books.ts';
import type { Registry, Signer } from '../store/registry.ts';
import type { Tokens } from '../token.ts';

/** What the routes are made from. */
export interface Parts {
  readonly bookkeeper: Bookkeeper;
  readonly ledger: Ledger;
  readonly books: Books;
  readonly registry: Registry;
  readonly tokens: Tokens;
  readonly people: People;
  readonly pins: Pins;
  readonly allowances: Allowances;
  readonly events: Events;
  readonly reloading: LinkedPayments;
  readonly keys: ServerKeys;
  readonly clock: Clock;
  /** Makes a UUIDv7. */
  readonly newId: () => string;
  readonly random: (bytes: number) => Uint8Array;
}

/** The handlers of some routes: each file of this folder makes those of its noun. */
export type HandlersOf<Name extends RouteName> = Pick<Handlers, Name>;

export type TerminalSigner = Extract<Signer, { type: 'terminal' }>;
export type PhoneSigner = Extract<Signer, { type: 'phone' }>;

export function terminalOf(signer: Identity | undefined): TerminalSigner {
  if (signer?.type !== 'terminal') throw new Error('a route of a terminal is only called by one');
  return signer;
}

export function phoneOf(signer: Identity | undefined): PhoneSigner {
  if (signer?.type !== 'phone') throw new Error('a route of a phone is only called by one');
  return signer;
}

/** Another shop's things are not there for a terminal. */
export function ownStore(signer: Identity | undefined, storeId: StoreId): TerminalSigner | Refusal {
  const terminal = terminalOf(signer);
  return terminal.storeId === storeId ? terminal : new Refusal('not_found');
}

/** What the ledger refused, as the wire says it. */
export function refusalOf(outcome: Outcome): Refusal {
  if (outcome.type !== 'refused') return new Refusal('internal');
  return new Refusal(outcome.code === 'stale' ? 'conflict' : outcome.code);
}

export function bytesOf(base64url: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64url, 'base64url'));
}

/** RFC 3339, UTC. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
