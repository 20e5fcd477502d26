import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { problemStatus, type RouteName, walletRoutes } from '#contract/wallet.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

/** The parts of an OpenAPI 3.1 document that its specification demands, and nothing that it does not know. */
const schema = z.record(z.string(), z.unknown());
const media = z.record(z.string(), z.strictObject({ schema }));
const operation = z.strictObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z
    .array(z.strictObject({ name: z.string(), in: z.literal('path'), required: z.literal(true), schema }))
    .optional(),
  requestBody: z.strictObject({ required: z.literal(true), content: media }).optional(),
  responses: z.record(z.string().regex(/^\d{3}$/), z.strictObject({ description: z.string(), content: media })),
});
const document = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), summary: z.string(), description: z.string() }),
  paths: z.record(z.string().startsWith('/'), z.partialRecord(z.enum(['get', 'put', 'post', 'delete']), operation)),
  components: z.strictObject({
    schemas: z.record(z.string(), schema),
    securitySchemes: z.record(z.string(), schema),
  }),
});

let wallet: OpenWallet;
let text: string;
let api: z.infer<typeof document>;

beforeAll(async () => {
  wallet = await openWallet();
  text = await (await fetch(`${wallet.base}/openapi.json`)).text();
  api = document.parse(JSON.parse(text));
});

afterAll(() => wallet.close());

describe('the OpenAPI document', () => {
  test.each(Object.keys(walletRoutes) as RouteName[])(
    'has %s, with its parameters, body, answer and problems',
    (name) => {
      const route = walletRoutes[name];
      const found = api.paths[route.path]?.[route.method.toLowerCase() as 'get'];
      const inPath = Array.from(route.path.matchAll(/\{(\w+)\}/g), ([, parameter]) => parameter);
      const hasBody = !route.request.safeParse(undefined).success;
      expect({
        operationId: found?.operationId,
        parameters: found?.parameters?.map((parameter) => parameter.name) ?? [],
        hasBody: found?.requestBody !== undefined,
        isSigned: found?.security !== undefined,
        answers: found?.responses[String(route.status)]?.content['application/json'] !== undefined,
        problems: route.errors.filter((code) => found?.responses[String(problemStatus[code])] === undefined),
      }).toEqual({
        operationId: name,
        parameters: inPath,
        hasBody,
        isSigned: route.caller !== 'anyone',
        answers: true,
        problems: [],
      });
    },
  );

  test('refers to nothing that it does not hold', () => {
    const references = Array.from(text.matchAll(/"\$ref":"#([^"]*)"/g), ([, path = '']) => path);
    const missing = references.filter(
      (path) =>
        path
          .split('/')
          .slice(1)
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], api) === undefined,
    );
    expect({ some: references.length > 0, missing }).toEqual({ some: true, missing: [] });
  });
});
