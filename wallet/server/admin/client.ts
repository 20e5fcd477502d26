import {
  parseAnswer,
  pathOf,
  type ProblemCode,
  type RouteName,
  type RouteParams,
  type RouteRequest,
  type RouteResponse,
  walletRoutes,
} from '#contract/wallet.ts';

/** The wallet server as an administrator asks it. */
export interface AdminClient {
  call<Name extends RouteName>(name: Name, params: RouteParams<Name>, body?: RouteRequest<Name>): Promise<Reply<Name>>;
}

export type Reply<Name extends RouteName> =
  | { readonly ok: true; readonly value: RouteResponse<Name> }
  | { readonly ok: false; readonly code: ProblemCode | 'no_answer'; readonly detail: string | undefined };

const TIMEOUT_MS = 10_000;

export function openAdminClient(token: string): AdminClient {
  return {
    async call(name, params, body) {
      try {
        const response = await fetch(pathOf(name, params), {
          method: walletRoutes[name].method,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        const answer = parseAnswer(name, response.status, await response.json());
        if (answer === undefined) return { ok: false, code: 'no_answer', detail: `HTTP ${response.status}` };
        if (answer.ok) return answer;
        return { ok: false, code: answer.problem.code, detail: answer.problem.detail };
      } catch (error) {
        return { ok: false, code: 'no_answer', detail: error instanceof Error ? error.message : undefined };
      }
    },
  };
}
