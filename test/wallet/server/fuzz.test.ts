import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fingerprintOf } from '#contract/fingerprint.ts';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import type { Money } from '#contract/money.ts';
import type { Settlement } from '#contract/settlement.ts';
import { signRequest } from '#contract/signature.ts';
import { deviceKeyRoutes, problemSchema, type RouteName, walletRoutes } from '#contract/wallet.ts';
import { bind, type Caller, makeAdmin, newId, openSession, PIN, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';
import { makeAdminToken } from '#wallet/server/admin-token.ts';

// Every route of the published OpenAPI document, asked by what its own schemas generate: as it should be, nearly so, and
// as an enemy would. Each answer must be one that the document names. WARIKAN_FUZZ says how often each route is asked.

const RUNS = Number(process.env['WARIKAN_FUZZ'] ?? 24);
/** Before that, as somebody asks who knows what there is: so that the rest has something to break. */
const HONEST_RUNS = 16;
const SEED = Number(process.env['WARIKAN_FUZZ_SEED'] ?? 20_261_123);

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly parameters?: readonly { readonly name?: string; readonly in?: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

/** One request: how it is written, and who signs it. */
interface Ask {
  readonly path: string;
  readonly body: Buffer | undefined;
  readonly type: string;
}

const names = Object.keys(walletRoutes) as RouteName[];
let wallet: OpenWallet;
let api: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
let terminal: Caller;
let session: Caller;
let phone: TestPhone & { walletId: string };
let spare: TestPhone & { walletId: string };
let operator: Caller;
let adminToken: string;
/** Things that are there, by the name of the field that asks for them: without them every request would be a 404. */
/** Routes that were asked for something that they do. */
const answered = new Set<RouteName>();
let known: Readonly<Record<string, readonly unknown[]>>;

beforeAll(async () => {
  wallet = await openWallet();
  api = (await (await fetch(`${wallet.base}/openapi.json`)).json()) as typeof api;
  adminToken = await makeAdminToken(wallet.books, {
    id: newId(),
    name: 'fuzz',
    random: randomBytes(32),
    atMs: wallet.clock.nowMs(),
  });
  terminal = await wallet.terminalOf('Kissa Warikan');
  session = await openSession(terminal, wallet.base, wallet.clock.nowMs);
  phone = await wallet.customer({ balance: 200_000 });
  operator = await wallet.operator('kumo-card');
  known = await seed();
}, 60_000);

afterAll(() => wallet.close());

describe.each(names)('%s', (name) => {
  test('answers only what its OpenAPI page says, whatever it is asked', { timeout: 120_000 }, async () => {
    await makeAdmin(wallet.base, adminToken).call(
      'adminUnlockWallet',
      { walletId: phone.walletId },
      { forgetPin: true },
    );
    await phone.call('putPin', {}, { pin: PIN });
    const values = { ...known, ...(await freshen(known)) };
    const offences: unknown[] = [];
    const asks = [
      ...fc.sample(honestAsksOf(name, values), { numRuns: HONEST_RUNS, seed: SEED }),
      ...fc.sample(asksOf(name, values), { numRuns: RUNS, seed: SEED }),
    ];
    for (const ask of asks) {
      const offence = await judge(name, ask);
      if (offence !== undefined) offences.push({ ...ask, body: ask.body?.toString('utf8').slice(0, 400), offence });
    }
    expect(offences).toEqual([]);
  });
});

test('every route but those of an operator that is away did what it is for, at least once', () => {
  const needsOperator: readonly RouteName[] = ['addReloadMethod', 'adminReconcileOperator'];
  expect(names.filter((name) => !answered.has(name) && !needsOperator.includes(name))).toEqual([]);
});

test('afterwards the server stands, its books are whole, and its log has no failure and no secret', async () => {
  const books = await wallet.ledger.readBooks();
  const log = wallet.logged.join('');
  expect({
    status: (await fetch(`${wallet.base}/v1/keys`)).status,
    sum: books.sum,
    faults: books.faults,
    failures: wallet.logged.filter((line) => (JSON.parse(line) as { level: number }).level >= 50),
    secrets: ['WRK1:', adminToken, 'sig1='].filter((secret) => log.includes(secret)),
  }).toEqual({ status: 200, sum: 0, faults: [], failures: [], secrets: [] });
});

/** Rows of every kind, so that an id may be one that is known. */
async function seed(): Promise<typeof known> {
  const victim = await wallet.terminalOf('Kissa Warikan');
  spare = await wallet.customer();
  const second = await bind(wallet.base, await wallet.bindingCodeOf(phone.walletId), wallet.clock.nowMs);
  const storeId = await wallet.storeIdOf('Kissa Warikan');
  const [checkId, tableId] = [checkIdSchema.parse(newId()), newId()];
  const now = new Date(wallet.clock.nowMs()).toISOString();
  const { tableCode } = await terminal.get('putTable', { tableId }, { name: 'Table 5' });
  const guests = [
    { guestId: 'a', token: await phone.show() },
    { guestId: 'b', token: await spare.show() },
  ];
  await terminal.get('putMembers', { checkId }, { label: 'Table 5', tableId, guests });
  const { checkInId } = await phone.get('checkIn', {}, { tableCode });
  const codes = Array.from({ length: 8 }, () => wallet.enrolmentCodeOf('Kissa Warikan'));
  const bindings = Array.from({ length: 8 }, () => wallet.bindingCodeOf(spare.walletId));
  return {
    storeId: [storeId],
    terminalId: [victim.keyId],
    fingerprint: [fingerprintOf(victim.key.publicKey)],
    deviceId: [second.keyId],
    walletId: [spare.walletId],
    checkId: [checkId],
    checkInId: [checkInId],
    tableId: [tableId],
    operatorId: ['kumo-card'],
    enrolmentCode: await Promise.all(codes),
    bindingCode: await Promise.all(bindings),
    tableCode: [tableCode],
    amount: [yen(1), yen(100), yen(1_000), 1, 100, 1_000],
    capturedAt: [now],
    from: [now],
    until: [new Date(wallet.clock.nowMs() + 86_400_000).toISOString()],
    currency: ['JPY', 'JPY', 'USD', 'KWD'],
    pin: [PIN],
    currentPin: [PIN],
    method: ['shown_code', 'contactless'],
    mode: ['online', 'offline'],
    webhookId: [newId()],
    type: ['authorisation.captured'],
    sequence: [1, 2],
    threshold: [100],
    dailyCap: [10_000],
    monthlyCap: [100_000],
    lines: [undefined, [{ lineId: 'l1' }], [{ lineId: 'l1', name: 'Hot pot', amount: 3_000 }]],
    adjustments: [[]],
    payer: ['a'],
    guestId: ['a', 'b', 'c'],
    lineId: ['l1', 'l2'],
    limit: ['1', '50'],
    publicKey: [Buffer.from(terminal.key.publicKey).toString('base64url')],
  };
}

/** What a route may use up: what was paid, and the codes to pay with. */
async function freshen(before: typeof known): Promise<typeof known> {
  const checkId = before['checkId']?.[0];
  const payments = [await payFor(phone, spare, String(checkId)), await payFor(spare, phone, String(checkId))];
  const shares = payments.flatMap((one) => (one.state === 'approved' ? (one.group?.shares ?? []) : []));
  const [methodId, reloadId] = [newId(), newId()];
  await wallet.books.db
    .insertInto('reload_method')
    .values({
      id: methodId,
      wallet_id: phone.walletId,
      operator_id: 'kumo-card',
      kind: 'card',
      token: 'a-token-of-16-chars',
      fingerprint: methodId,
      display_name: 'Kumo card ••4711',
      registered_at_ms: wallet.clock.nowMs(),
      removed_at_ms: null,
    })
    .execute();
  await phone.call('putReload', { reloadId }, { methodId, amount: yen(1_000) });
  const guests = [{ guestId: 'a', token: await phone.show() }, { guestId: 'b' }];
  const lines = [{ lineId: 'l1', name: 'Hot pot', amount: 100 }];
  return {
    token: [await phone.show(), await phone.show(), await spare.show()],
    settlementId: [...payments.map((one) => one.settlementId), ...Array.from({ length: 4 }, newId)],
    groupPaymentId: payments.map((one) => one.settlementId),
    allotmentId: shares.flatMap((share) => share.allotmentId ?? []),
    methodId: [methodId],
    reloadId: [reloadId, newId(), newId()],
    authorisationId: [reloadId],
    guests: [[{ guestId: 'a' }, { guestId: 'b' }], guests],
    group: [undefined, { guests, lines, payer: 'a' }],
  };
}

async function payFor(payer: TestPhone, other: TestPhone, checkId: string): Promise<Settlement> {
  const guests = [
    { guestId: 'a', token: await payer.show() },
    { guestId: 'b', token: await other.show() },
  ];
  const lines = [{ lineId: 'l1', name: 'Hot pot', amount: 200 }];
  const body = {
    checkId: checkIdSchema.parse(checkId),
    amount: yen(200),
    token: await payer.show(),
    capturedAt: new Date(wallet.clock.nowMs()).toISOString(),
    mode: 'online' as const,
    group: { guests, lines, payer: 'a' },
  };
  return terminal.get('putSettlement', { settlementId: attemptIdSchema.parse(newId()) }, body);
}

function yen(amount: number): Money {
  return { amount, currency: 'JPY' };
}

async function judge(name: RouteName, ask: Ask): Promise<string | undefined> {
  const route = walletRoutes[name];
  const operation = operationOf(name);
  const abort = new AbortController();
  const url = wallet.base + ask.path;
  const response = await fetch(url, {
    method: route.method,
    headers: {
      ...(await credentialsOf(name, url, ask.body)),
      ...(ask.body === undefined ? {} : { 'content-type': ask.type }),
    },
    ...(ask.body === undefined ? {} : { body: new Uint8Array(ask.body) }),
    signal: abort.signal,
  });
  const documented = operation.responses[String(response.status)];
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    answered.add(name);
    abort.abort();
    return documented?.content['text/event-stream'] === undefined ? 'a stream that is not documented' : undefined;
  }
  const text = await response.text();
  if (documented === undefined) return `${response.status} is not documented: ${text}`;
  if (response.status >= 500 && !text.includes('"operator_unavailable"')) return `${response.status}: ${text}`;
  const json: unknown = JSON.parse(text);
  if (response.status < 300) {
    answered.add(name);
    const shape = documented.content['application/json']?.schema;
    const parsed = z.fromJSONSchema(inlined(shape) as never).safeParse(json);
    return parsed.success
      ? undefined
      : `not the answer that is documented: ${text.slice(0, 400)} ${parsed.error.message}`;
  }
  const problem = problemSchema.safeParse(json);
  if (!problem.success || response.headers.get('content-type') !== 'application/problem+json; charset=utf-8') {
    return `not a problem: ${text}`;
  }
  const said = (documented as { readonly description?: string }).description ?? '';
  if (!said.includes(`\`${problem.data.code}\``)) return `${problem.data.code} is not documented`;
  return problem.data.status === response.status ? undefined : 'the status and the problem differ';
}

async function credentialsOf(name: RouteName, url: string, body: Buffer | undefined): Promise<Record<string, string>> {
  const { caller, method } = walletRoutes[name];
  if (caller === 'anyone') return {};
  if (caller === 'admin') return { authorization: `Bearer ${adminToken}` };
  const isSession = !deviceKeyRoutes.includes(name) || (body?.length ?? 0) % 4 === 1;
  const signer = { terminal: isSession ? session : terminal, phone, operator }[caller];
  const signed = await signRequest({
    method,
    url,
    body,
    keyId: signer.keyId,
    created: Math.floor(wallet.clock.nowMs() / 1_000),
    nonce: randomBytes(16).toString('base64url'),
    ...((signer.key as { algorithm?: 'hmac-sha256' }).algorithm === undefined
      ? {}
      : { algorithm: 'hmac-sha256' as const }),
    sign: signer.key.sign,
  });
  return { ...signed };
}

/** As it should be: where a thing of that name is known, it is that. */
function honestAsksOf(name: RouteName, values: typeof known): fc.Arbitrary<Ask> {
  const schema = operationOf(name).requestBody?.content['application/json'].schema;
  const isHonest = true;
  return fc
    .record({
      params: fieldsOf(name, 'path', (own, field) => valueOf(own, field, values, isHonest)),
      query: fieldsOf(name, 'query', (own, field) => valueOf(own, field, values, isHonest)),
      body: schema === undefined ? fc.constant(undefined) : valueOf(schema, '', values, isHonest).map(toBytes),
    })
    .map(({ params, query, body }) => toAsk(name, params, query, body, 'application/json'));
}

/** Right, nearly right, and as an enemy asks. */
function asksOf(name: RouteName, values: typeof known): fc.Arbitrary<Ask> {
  const schema = operationOf(name).requestBody?.content['application/json'].schema;
  const good = schema === undefined ? fc.constant(undefined) : valueOf(schema, '', values);
  const body =
    schema === undefined
      ? fc.oneof({ arbitrary: fc.constant(undefined), weight: 4 }, hostileBytes)
      : fc.oneof(
          { arbitrary: good.map(toBytes), weight: 4 },
          { arbitrary: good.chain(mutate).map(toBytes), weight: 5 },
          { arbitrary: hostileBytes, weight: 2 },
        );
  const types = ['application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense'];
  return fc
    .record({
      params: fieldsOf(name, 'path', (own, field) => hostileSometimes(valueOf(own, field, values), 8)),
      query: fieldsOf(name, 'query', (own, field) => hostileSometimes(valueOf(own, field, values), 2)),
      body,
      type: fc.oneof({ arbitrary: fc.constant('application/json'), weight: 20 }, fc.constantFrom(...types)),
    })
    .map(({ params, query, body: bytes, type }) => toAsk(name, params, query, bytes, type));
}

function fieldsOf(
  name: RouteName,
  place: 'path' | 'query',
  make: (schema: Schema, field: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<Record<string, unknown>> {
  const model = (operationOf(name).parameters ?? []).flatMap(({ in: where, name: field, schema }) =>
    where === place && field !== undefined && schema !== undefined ? [[field, make(schema, field)] as const] : [],
  );
  return fc.record(Object.fromEntries(model), place === 'path' ? {} : { requiredKeys: [] });
}

function toAsk(
  name: RouteName,
  params: Record<string, unknown>,
  query: Record<string, unknown>,
  body: Buffer | undefined,
  type: string,
): Ask {
  const { path, method } = walletRoutes[name];
  // What a GET may carry is for fetch to say: nothing.
  return { path: pathWith(path, params, query), body: method === 'GET' ? undefined : body, type };
}

function pathWith(path: string, params: Record<string, unknown>, query: Record<string, unknown>): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encode(params[key] ?? 'x') || 'x');
  const asked = Object.entries(query).map(([key, value]) => `${encodeURIComponent(key)}=${encode(value)}`);
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`;
}

/** Also what encodeURIComponent throws at; dots alone would be taken for folders by the client. */
function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('')
    .slice(0, 3_000);
}

/** A value of a schema, now and then one that is known for a field of that name. */
function valueOf(schema: Schema, field: string, values: typeof known, isHonest = false): fc.Arbitrary<unknown> {
  const plain = plainValueOf(schema, field, values, isHonest);
  const choices = (values[field] ?? []).filter((choice) => fits(schema, choice));
  if (choices.length === 0) return plain;
  const chosen = fc.constantFrom(...choices);
  return isHonest ? chosen : fc.oneof({ arbitrary: chosen, weight: 4 }, plain);
}

/** A field's name may stand for money here and for a number there. */
function fits(schema: Schema, choice: unknown): boolean {
  const { type, items } = schema as { type?: string; items?: { properties?: Readonly<Record<string, unknown>> } };
  if (choice === undefined) return true;
  if (type === 'integer') return typeof choice === 'number';
  if (type === 'string') return typeof choice === 'string';
  if (type !== 'array') return typeof choice !== 'number';
  const [first] = choice as readonly Readonly<Record<string, unknown>>[];
  return Array.isArray(choice) && (first === undefined || Object.keys(first).every((key) => items?.properties?.[key]));
}

function plainValueOf(schema: Schema, field: string, values: typeof known, isHonest: boolean): fc.Arbitrary<unknown> {
  const {
    $ref,
    anyOf,
    oneOf,
    enum: choices,
    const: only,
    type,
  } = schema as {
    $ref?: string;
    anyOf?: readonly Schema[];
    oneOf?: readonly Schema[];
    enum?: readonly unknown[];
    const?: unknown;
    type?: string;
  };
  if ($ref !== undefined) return valueOf(resolve($ref), field, values, isHonest);
  const some = anyOf ?? oneOf;
  if (some !== undefined) return fc.oneof(...some.map((one) => plainValueOf(one, field, values, isHonest)));
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (only !== undefined) return fc.constant(only);
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return integerOf(schema);
  if (type === 'string') return stringOf(schema);
  if (type === 'array') {
    const {
      items = {},
      minItems = 0,
      maxItems = 5,
    } = schema as { items?: Schema; minItems?: number; maxItems?: number };
    return fc.array(valueOf(items, field.replace(/s$/, ''), values, isHonest), {
      minLength: minItems,
      maxLength: Math.min(maxItems, 5),
    });
  }
  if (type === 'object') {
    const { properties = {}, required = [] } = schema as { properties?: Record<string, Schema>; required?: string[] };
    const model = Object.fromEntries(
      Object.entries(properties).map(([key, own]) => [key, valueOf(own, key, values, isHonest)]),
    );
    return fc.record(model, { requiredKeys: required });
  }
  return isHonest ? fc.constant({}) : fc.jsonValue();
}

function integerOf(schema: Schema): fc.Arbitrary<number> {
  const { minimum = -1_000, maximum = 1_000_000 } = schema as { minimum?: number; maximum?: number };
  const { exclusiveMinimum = minimum } = schema as { exclusiveMinimum?: number };
  const least = Math.max(minimum, exclusiveMinimum);
  const small = fc.integer({ min: Math.max(least, -100), max: Math.min(maximum, 5_000) });
  return fc.oneof({ arbitrary: small, weight: 6 }, fc.constantFrom(least, maximum, Math.min(maximum, 1_000_000_000)));
}

function stringOf(schema: Schema): fc.Arbitrary<string> {
  const {
    pattern,
    format,
    minLength = 0,
    maxLength = 40,
  } = schema as {
    pattern?: string;
    format?: string;
    minLength?: number;
    maxLength?: number;
  };
  const lengths = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) };
  if (format === 'date-time') {
    const years = { min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true };
    return fc.date(years).map((date) => date.toISOString());
  }
  if (format === 'date') return fc.constantFrom('2026-11-22', '2026-11-23', '1970-01-01');
  if (format === 'uri') return fc.constantFrom('http://127.0.0.1:9', 'https://operator.example/x');
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).map((text) => text.slice(0, 500));
  return fc.oneof({ arbitrary: fc.string({ ...lengths, unit: 'grapheme' }), weight: 3 }, fc.string(lengths));
}

const nasty: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  2 ** 53,
  -(2 ** 53),
  '',
  ' ',
  '\u0000',
  '\ud800',
  'x'.repeat(5_000),
  '💸'.repeat(300),
  "'; drop table settlement; --",
  '../../etc/passwd',
  '{{7*7}}',
  '__proto__',
  [],
  {},
  [[[[[[[[]]]]]]]],
];

function hostileSometimes(value: fc.Arbitrary<unknown>, weight: number): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: value, weight }, fc.constantFrom(...nasty));
}

/** Nearly right: one thing in it is another, is missing, or is too much. */
function mutate(value: unknown): fc.Arbitrary<unknown> {
  const places = placesIn(value);
  return fc
    .record({
      place: fc.nat({ max: Math.max(0, places.length - 1) }),
      how: fc.constantFrom('replace', 'remove', 'add', 'repeat'),
      by: fc.oneof(fc.constantFrom(...nasty), fc.jsonValue()),
    })
    .map(({ place, how, by }) => changeAt(value, places[place] ?? [], how, by));
}

function placesIn(value: unknown, at: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, child]) => placesIn(child, [...at, key]))];
}

function changeAt(value: unknown, [key, ...rest]: readonly string[], how: string, by: unknown): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) {
    return how === 'add' && typeof value === 'object' && value !== null ? { ...value, unknownField: by } : by;
  }
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  const slots = copy as Record<string, unknown>;
  if (rest.length > 0) slots[key] = changeAt(slots[key], rest, how, by);
  else if (how === 'remove') delete slots[key];
  else if (how === 'repeat' && Array.isArray(copy)) copy.push(copy[Number(key)]);
  else slots[key] = by;
  return copy;
}

const hostileBytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc.constantFrom(
    Buffer.from(''),
    Buffer.from('{'),
    Buffer.from('null'),
    Buffer.from('"a"'),
    Buffer.from('{"__proto__":{"isApproved":true},"constructor":{"prototype":{}}}'),
    Buffer.from(`${'['.repeat(4_000)}${']'.repeat(4_000)}`),
    Buffer.from(`{"a":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_001)}`),
    Buffer.from([0xff, 0xfe, 0x7b, 0x7d]),
    Buffer.from('{"name":"\\ud800","name":"\\u0000"}'),
    Buffer.alloc(20_000, '1'),
  ),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

function toBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value) ?? '');
}

function operationOf(name: RouteName): Operation {
  const { path, method } = walletRoutes[name];
  const operation = api.paths[path]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${name} is not documented`);
  return operation;
}

function resolve(reference: string): Schema {
  return api.components.schemas[reference.replace('#/components/schemas/', '')] ?? {};
}

/** A schema with what it refers to in its place. Ours do not go round in circles. */
function inlined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inlined);
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value && typeof value.$ref === 'string') return inlined(resolve(value.$ref));
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, inlined(child)]));
}
