import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { verifyRequest } from '#contract/signature.ts';
import { problemStatus, type RouteName, walletRoutes } from '#contract/wallet.ts';
import { verifyEd25519 } from '#test/support/wallet-keys.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

/** The parts of an OpenAPI 3.1 document that its specification demands, and nothing that it does not know. */
const schema = z.record(z.string(), z.unknown());
const reference = z.strictObject({ $ref: z.string().startsWith('#/components/') });
const media = z.record(z.string(), z.strictObject({ schema, example: z.unknown().optional() }));
const header = z.strictObject({ description: z.string(), schema });
const parameter = z.strictObject({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean(),
  schema,
});
const operation = z.strictObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(z.union([parameter, reference])).optional(),
  requestBody: z.strictObject({ required: z.literal(true), content: media }).optional(),
  responses: z.record(
    z.string().regex(/^\d{3}$/),
    z.strictObject({
      description: z.string(),
      headers: z.record(z.string(), reference).optional(),
      content: media,
    }),
  ),
});
const document = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), summary: z.string(), description: z.string() }),
  tags: z.array(z.strictObject({ name: z.string(), description: z.string() })),
  paths: z.record(z.string().startsWith('/'), z.partialRecord(z.enum(['get', 'put', 'post', 'delete']), operation)),
  components: z.strictObject({
    schemas: z.record(z.string(), schema),
    parameters: z.record(z.string(), parameter),
    headers: z.record(z.string(), header),
    securitySchemes: z.record(z.string(), schema),
  }),
});

const names = Object.keys(walletRoutes) as RouteName[];
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
  test.each(names)('has %s, with its parameters, body, answer and problems', (name) => {
    const route = walletRoutes[name];
    const found = api.paths[route.path]?.[route.method.toLowerCase() as 'get'];
    const inPath = Array.from(route.path.matchAll(/\{(\w+)\}/g), ([, key]) => key);
    const isStream = route.response.safeParse('event-stream').success;
    const media = isStream ? 'text/event-stream' : 'application/json';
    const own = (found?.parameters ?? []).flatMap((one) => ('name' in one ? [one] : []));
    expect({
      operationId: found?.operationId,
      path: own.filter((one) => one.in === 'path').map((one) => one.name),
      query: own.filter((one) => one.in === 'query').map((one) => one.name),
      hasBody: found?.requestBody !== undefined,
      isOpen: found?.security === undefined,
      answers: found?.responses[String(route.status)]?.content[media] !== undefined,
      problems: route.errors.filter((code) => found?.responses[String(problemStatus[code])] === undefined),
    }).toEqual({
      operationId: name,
      path: inPath,
      query: Object.keys(route.query.shape),
      hasBody: !route.request.safeParse(undefined).success,
      isOpen: route.caller === 'anyone',
      answers: true,
      problems: [],
    });
  });

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

  test('names only security schemes and tags that it describes, and each parameter once', () => {
    const operations = Object.values(api.paths).flatMap((path) => Object.values(path));
    const schemes = operations.flatMap(({ security = [] }) => security.flatMap((one) => Object.keys(one)));
    const tags = operations.flatMap((one) => one.tags);
    const doubled = operations.filter(({ parameters = [] }) => {
      const seen = parameters.map((one) => ('name' in one ? `${one.in} ${one.name}` : one.$ref));
      return new Set(seen).size !== seen.length;
    });
    expect({
      schemes: new Set(schemes),
      tags: new Set(tags),
      doubled: doubled.map(({ operationId }) => operationId),
    }).toEqual({
      schemes: new Set(Object.keys(api.components.securitySchemes)),
      tags: new Set(api.tags.map(({ name }) => name)),
      doubled: [],
    });
  });

  test('shows a body of every route that takes one, and each fits the route', () => {
    const wrong = names.flatMap((name) => {
      const route = walletRoutes[name];
      const found = api.paths[route.path]?.[route.method.toLowerCase() as 'get'];
      if (found?.requestBody === undefined) return [];
      const parsed = route.request.safeParse(found.requestBody.content['application/json']?.example);
      return parsed.success ? [] : [[name, parsed.error.issues]];
    });
    expect(wrong).toEqual([]);
  });

  test('has schemas that a reader of JSON Schema takes, and nothing of them forbids what is sent', () => {
    const schemas = Object.entries(api.components.schemas);
    const unread = schemas.filter(([name]) => {
      const whole = {
        ...inlined(api.components.schemas[name]),
        $schema: 'https://json-schema.org/draft/2020-12/schema',
      };
      return z.fromJSONSchema(whole as never) === undefined;
    });
    expect({ unread, readOnly: text.includes('"readOnly"') }).toEqual({ unread: [], readOnly: false });
  });

  test('has signed examples whose signatures hold', async () => {
    const [byDevice, bySession] = Array.from(
      api.info.description.matchAll(/```\nPOST (\S+) HTTP\/1\.1\nHost: wallet\.example\n([\s\S]*?)(?:\n\n(.*))?\n```/g),
      ([, path = '', lines = '', body = '']) => ({
        method: 'POST',
        url: `https://wallet.example${path}`,
        headers: Object.fromEntries(
          lines.split('\n').map((line) => [line.split(': ')[0]?.toLowerCase(), line.replace(/^[^:]*: /, '')]),
        ) as Record<string, string>,
        body: Buffer.from(body),
        nowSeconds: 1_795_402_800,
      }),
    );
    const [, publicKey = ''] = /public key `([\w-]{43})`/.exec(api.info.description) ?? [];
    const [, secret = ''] = /whose secret is `([\w-]{43})`/.exec(api.info.description) ?? [];
    if (byDevice === undefined || bySession === undefined) throw new Error('there are two examples');
    const verdicts = [
      await verifyRequest({
        ...byDevice,
        findKey: () => ({
          algorithm: 'ed25519',
          verify: (base, signature) => verifyEd25519(Buffer.from(publicKey, 'base64url'), base, signature),
        }),
      }),
      await verifyRequest({
        ...bySession,
        findKey: () => ({
          algorithm: 'hmac-sha256',
          verify: (base, signature) =>
            createHmac('sha256', Buffer.from(secret, 'base64url')).update(base).digest().equals(signature),
        }),
      }),
    ];
    expect(verdicts.map(({ ok }) => ok)).toEqual([true, true]);
  });
});

/** A schema with what it refers to in its place. Ours do not go round in circles. */
function inlined(value: unknown): Record<string, unknown> {
  const walk = (at: unknown): unknown => {
    if (Array.isArray(at)) return at.map(walk);
    if (typeof at !== 'object' || at === null) return at;
    if ('$ref' in at && typeof at.$ref === 'string') {
      return walk(api.components.schemas[at.$ref.replace('#/components/schemas/', '')]);
    }
    return Object.fromEntries(Object.entries(at).map(([key, child]) => [key, walk(child)]));
  };
  return walk(value) as Record<string, unknown>;
}
