import {
  commonProblems,
  deviceKeyRoutes,
  type ProblemCode,
  problemStatus,
  type RouteName,
  signatureProblems,
  walletRoutes,
} from '#contract/wallet.ts';
import { exampleOf } from './examples.ts';
import { writeGuide } from './guide.ts';
import { openComponents, type JsonSchema, type SchemaBook } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

const tags: readonly (readonly [string, string])[] = [
  ['terminal', 'Asked by a store’s terminal, with its session or its device key.'],
  ['phone', 'Asked by a customer’s phone, with the key that was bound to the wallet.'],
  ['anyone', 'Asked by anyone, unsigned.'],
  ['admin', 'Asked by an administrator, with a bearer token.'],
  ['operator', 'Asked by an operator of payment means, with its own key.'],
];

/** The contract as OpenAPI 3.1, made from the route table: it cannot say anything else than the server does. */
export async function buildOpenApi(): Promise<Json> {
  const schemas = openComponents();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(walletRoutes) as RouteName[]) {
    const route = walletRoutes[name];
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(name, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Warikan wallet',
      version: '1',
      summary: 'Settlements from customers’ wallets, for terminals and phones.',
      description: await writeGuide(),
    },
    tags: tags.map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.all(),
      parameters,
      headers: {
        RetryAfter: { description: 'Seconds after which it is worth coming again.', schema: { type: 'integer' } },
      },
      securitySchemes,
    },
  };
}

const signatureText =
  'HTTP Message Signature (RFC 9421) in `Signature-Input` and `Signature`, over `@method`, `@target-uri` and ' +
  '`content-digest`, as the introduction describes.';

const securitySchemes: Json = {
  session: {
    type: 'apiKey',
    in: 'header',
    name: 'Signature',
    description: `${signatureText} By the key of a session of the terminal, hmac-sha256.`,
  },
  deviceKey: {
    type: 'apiKey',
    in: 'header',
    name: 'Signature',
    description: `${signatureText} By the own Ed25519 key of the terminal or the phone.`,
  },
  operatorKey: {
    type: 'apiKey',
    in: 'header',
    name: 'Signature',
    description: `${signatureText} By the operator’s Ed25519 key; the \`keyid\` is the public key itself, base64url.`,
  },
  adminToken: { type: 'http', scheme: 'bearer', description: 'Made by the command line: `--new-admin-token NAME`.' },
};

const parameters = {
  SignatureInput: header('Signature-Input', true, {
    type: 'string',
    example:
      'sig1=("@method" "@target-uri" "content-digest");created=1795402800;nonce="0123456789abcdef";keyid="0190…";alg="ed25519"',
  }),
  ContentDigest: header('Content-Digest', true, {
    type: 'string',
    pattern: '^sha-256=:[A-Za-z0-9+/]{43}=:$',
    description: 'RFC 9530, of the body’s bytes; of no bytes where there is no body.',
  }),
  IdempotencyKey: header('Idempotency-Key', false, {
    type: 'string',
    description:
      'The id in the path is the idempotency key already. Where the header is sent it is the same id, as a string in ' +
      'quotes, and is signed too.',
  }),
  LastEventId: header('Last-Event-ID', false, {
    type: 'string',
    pattern: '^\\d{1,15}$',
    description: 'Resumes after this event, without a gap.',
  }),
};

function operationOf(name: RouteName, schemas: SchemaBook): Json {
  const route = walletRoutes[name];
  const isSigned = ['terminal', 'phone', 'operator'].includes(route.caller);
  const request = schemas.of(route.request, 'input');
  const problems = [
    ...route.errors,
    ...(isSigned ? signatureProblems : []),
    ...(route.caller === 'admin' ? (['admin_token_invalid'] as const) : []),
    ...commonProblems,
  ];
  const isStream = route.response.safeParse('event-stream').success;
  const all = [
    ...fieldsOf('path', schemas.of(route.params, 'input')),
    ...fieldsOf('query', schemas.of(route.query, 'input')),
    ...(isSigned ? [refer('parameters', 'SignatureInput'), refer('parameters', 'ContentDigest')] : []),
    ...(route.method === 'PUT' ? [refer('parameters', 'IdempotencyKey')] : []),
    ...(isStream ? [refer('parameters', 'LastEventId')] : []),
  ];
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.caller],
    ...securityOf(name),
    ...(all.length === 0 ? {} : { parameters: all }),
    ...(request === undefined ? {} : { requestBody: bodyOf(name, request) }),
    responses: {
      [String(route.status)]: isStream ? streamAnswer : answerOf(schemas.of(route.response, 'output')),
      ...problemResponses(problems),
    },
  };
}

function bodyOf(name: RouteName, schema: JsonSchema): Json {
  const example = exampleOf(name);
  const media = { schema, ...(example === undefined ? {} : { example }) };
  return { required: true, content: { 'application/json': media } };
}

function answerOf(schema: JsonSchema | undefined): Json {
  return { description: 'Done.', content: { 'application/json': { schema } } };
}

const streamAnswer: Json = {
  description:
    'Server-sent events for as long as both sides like. Each has an `id`, an `event` (the type) and `data`: a ' +
    '`WalletEvent` as JSON. Comments keep the connection awake.',
  content: {
    'text/event-stream': {
      schema: {
        type: 'string',
        description: 'Each `data:` line is a WalletEvent, see #/components/schemas/WalletEvent.',
      },
    },
  },
};

function securityOf(name: RouteName): Json {
  const { caller } = walletRoutes[name];
  const device = { deviceKey: [] };
  if (caller === 'terminal') {
    return { security: deviceKeyRoutes.includes(name) ? [device] : [{ session: [] }, device] };
  }
  if (caller === 'phone') return { security: [device] };
  if (caller === 'operator') return { security: [{ operatorKey: [] }] };
  return caller === 'admin' ? { security: [{ adminToken: [] }] } : {};
}

function fieldsOf(place: 'path' | 'query', schema: JsonSchema | undefined): Json[] {
  const properties = (schema?.['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = (schema?.['required'] ?? []) as readonly string[];
  return Object.entries(properties).map(([name, own]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: own,
  }));
}

function problemResponses(codes: readonly ProblemCode[]): Json {
  const byStatus = Map.groupBy(codes, (code) => String(problemStatus[code]));
  return Object.fromEntries(
    Array.from(byStatus, ([status, some]) => [
      status,
      {
        description: some.map((code) => `\`${code}\``).join(', '),
        ...(status === '429' || status === '503' ? { headers: { 'Retry-After': refer('headers', 'RetryAfter') } } : {}),
        content: { 'application/problem+json': { schema: refer('schemas', 'Problem') } },
      },
    ]),
  );
}

function header(name: string, required: boolean, schema: Json): Json {
  return { name, in: 'header', required, schema };
}

function refer(kind: 'schemas' | 'parameters' | 'headers', name: string): Json {
  return { $ref: `#/components/${kind}/${name}` };
}
