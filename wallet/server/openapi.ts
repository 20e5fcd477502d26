import { z } from 'zod';
import {
  commonProblems,
  type ProblemCode,
  problemSchema,
  problemStatus,
  type RouteName,
  signatureProblems,
  walletRoutes,
} from '#contract/wallet.ts';

/** The contract as OpenAPI 3.1, made from the route table: it cannot say anything else than the server does. */
export function buildOpenApi(): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(walletRoutes) as RouteName[]) {
    const route = walletRoutes[name];
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(name);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Warikan wallet',
      version: '1',
      summary: 'Settlements from customers’ wallets, for terminals and phones.',
      description:
        'Money is a whole number of minor units. The id of a money row is made by the caller and is its idempotency key ' +
        'for ever. Errors are problem+json (RFC 9457) with a stable `code`.',
    },
    paths,
    components: {
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
      securitySchemes: {
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Signature',
          description:
            'HTTP Message Signature (RFC 9421) by the key of the terminal or the phone, over `@method`, `@target-uri`, ' +
            '`content-digest` and, where it is sent, `idempotency-key`; parameters `created`, `nonce`, `keyid`, `alg`.',
        },
      },
    },
  };
}

function operationOf(name: RouteName): Readonly<Record<string, unknown>> {
  const route = walletRoutes[name];
  const isSigned = route.caller !== 'anyone';
  const request = jsonSchema(route.request, 'input');
  const paramSchemas = (jsonSchema(route.params, 'input')?.['properties'] ?? {}) as Readonly<Record<string, unknown>>;
  const parameters = Object.keys(route.params.shape).map((parameter) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: paramSchemas[parameter],
  }));
  const problems = [...route.errors, ...(isSigned ? signatureProblems : []), ...commonProblems];
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.caller],
    ...(isSigned ? { security: [{ signature: [] }] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(request === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: request } } } }),
    responses: {
      [String(route.status)]: {
        description: 'Done.',
        content: { 'application/json': { schema: jsonSchema(route.response, 'output') } },
      },
      ...problemResponses(problems),
    },
  };
}

function problemResponses(codes: readonly ProblemCode[]): Readonly<Record<string, unknown>> {
  const byStatus = Map.groupBy(codes, (code) => String(problemStatus[code]));
  return Object.fromEntries(
    Array.from(byStatus, ([status, some]) => [
      status,
      {
        description: some.map((code) => `\`${code}\``).join(', '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

/** Undefined for a body that is not there. JSON Schema 2020-12 is what OpenAPI 3.1 speaks. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Readonly<Record<string, unknown>> | undefined {
  if (schema instanceof z.ZodUndefined) return undefined;
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  return rest;
}
