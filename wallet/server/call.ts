import type { RouteInput, RouteName, RouteParams, RouteQuery, RouteResponse } from '#contract/wallet.ts';
import type { Refusal } from './problem.ts';
import type { Signer } from './store/registry.ts';
import type { EventStream } from './stream.ts';

/** Time is handed in. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
}

/** Who calls: by the key that signed, or by an administrator's token. */
export type Identity =
  | Signer
  | { readonly type: 'operator'; readonly keyId: string; readonly operatorId: string }
  | { readonly type: 'admin'; readonly keyId: string };

/** A request whose shape and signature were checked. */
export interface Call<Name extends RouteName> {
  readonly params: RouteParams<Name>;
  readonly query: RouteQuery<Name>;
  readonly body: RouteInput<Name>;
  /** Of the kind that the route asks for; undefined where anyone may call. */
  readonly signer: Identity | undefined;
  /** Where it came from, for counting failures. */
  readonly address: string;
}

/** What a handler answers with: the response, or of a route of events the stream. */
type HandlerAnswer<Name extends RouteName> =
  RouteResponse<Name> extends 'event-stream' ? EventStream : RouteResponse<Name>;

export type Handlers = { readonly [Name in RouteName]: (call: Call<Name>) => Promise<HandlerAnswer<Name> | Refusal> };
