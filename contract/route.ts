import type { z } from 'zod';

/**
 * One entry of a route table. The server's handlers, its clients and its OpenAPI page are all derived from the table,
 * so none of them can say anything else than the others.
 */
export interface Route<
  Caller extends string,
  Code extends string,
  Params extends z.ZodType,
  Query extends z.ZodType,
  Request extends z.ZodType,
  Response extends z.ZodType,
> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With `{name}` for each path parameter. */
  readonly path: string;
  readonly summary: string;
  readonly caller: Caller;
  readonly params: Params;
  /** Strings as they stand after the `?`; what is not named here is refused. */
  readonly query: Query;
  readonly request: Request;
  readonly response: Response;
  readonly status: 200 | 201;
  /** Errors that only this route answers with, beside those that every route may. */
  readonly errors: readonly Code[];
}

/** The path of a route with its parameters filled in and escaped, and the query that has values. */
export function fillPath(
  path: string,
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ''));
  const asked = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return asked.length === 0 ? filled : `${filled}?${new URLSearchParams(asked).toString()}`;
}
