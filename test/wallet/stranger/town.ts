import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ask, type Asker, type Client, openClient, type Reply } from './client.ts';
import { makeCode, stepOf } from './customer-code.ts';
import type { EventReader } from './event-stream.ts';
import { signByKey, signBySession, type Signer } from './http-signature.ts';
import { at, type Json, listAt, numberAt, saidAt, textAt } from './json.ts';
import { type Program, runTask, startOperator, startWallet } from './programs.ts';

/** A wallet server, two operators' servers, shops and people, all over HTTP. */
export interface Town {
  readonly client: Client;
  /** The wallet server that runs now. */
  server(): Program;
  readonly data: string;
  /** The administrator. */
  readonly admin: Asker;
  readonly operators: readonly Operator[];
  ask(operation: string, request?: Ask): Promise<Reply>;
  openShop(name: string, rules?: Record<string, Json>): Promise<Shop>;
  openPerson(name: string, purse?: Purse): Promise<Person>;
  /** What the books say of themselves, by the command line. */
  checkBooks(): Promise<{ readonly code: number | null; readonly sum: Json; readonly faults: Json }>;
  /** Ends the wallet server, if it has not ended by itself, and starts it again where it was. */
  restart(options: { readonly signal: NodeJS.Signals; readonly args?: readonly string[] }): Promise<void>;
  close(): Promise<void>;
}

interface Operator {
  readonly operatorId: string;
  readonly name: string;
  readonly program: Program;
  /** Turns a switch of its simulation. */
  turn(name: string, body: Json): Promise<Response>;
}

/** What a person begins with. */
interface Purse {
  readonly balance?: number;
  readonly jurisdiction?: string;
}

export interface Shop {
  readonly storeId: string;
  readonly name: string;
  openTerminal(): Promise<Terminal>;
  readonly till: Terminal;
}

export interface Terminal {
  readonly terminalId: string;
  readonly key: KeyObject;
  readonly device: Signer;
  /** Of the 15-minute session: for everything that does not ask for the device key. */
  readonly session: Signer;
  ask(operation: string, request?: Ask): Promise<Reply>;
  /** Signed by the device key. */
  askByDevice(operation: string, request?: Ask): Promise<Reply>;
  pay(token: string, amount: number, more?: PayOptions): Promise<Reply>;
  cancel(settlementId: string): Promise<Reply>;
  refund(settlementId: string, amount: number, more?: RefundOptions): Promise<Reply>;
}

export interface PayOptions {
  readonly settlementId?: string;
  readonly checkId?: string;
  readonly currency?: string;
  readonly mode?: 'online' | 'offline';
  readonly capturedAt?: string;
  readonly group?: Json;
  readonly isRough?: boolean;
}

interface RefundOptions {
  readonly refundId?: string;
  readonly reason?: string;
  readonly lines?: readonly Json[];
}

export interface Person {
  readonly walletId: string;
  readonly name: string;
  readonly pin: string;
  readonly currency: string;
  readonly key: KeyObject;
  readonly phone: Signer;
  ask(operation: string, request?: Ask): Promise<Reply>;
  balance(): Promise<number>;
  /** Registers a means of an operator. Resolves with the method's id. */
  register(operatorId: string, setupToken?: string, kind?: string): Promise<string>;
  reload(methodId: string, amount: number, reloadId?: string): Promise<Reply>;
  /** A fresh code, each time another; `olderSteps` for one of half a minute before, and before that. */
  showCode(options?: {
    readonly method?: string;
    readonly olderSteps?: number;
    readonly counter?: number;
  }): Promise<string>;
  /** The credential that codes are made from. */
  credential(method?: string): Promise<Buffer>;
  history(): Promise<readonly Json[]>;
  /** What happens to the wallet after an event; after now where none is named. */
  listen(lastEventId?: string): Promise<EventReader>;
}

const PIN = '4719';

export async function openTown(
  options: { readonly args?: readonly string[]; readonly operators?: readonly string[] } = {},
): Promise<Town> {
  const { args = [], operators: names = ['Kaze', 'Umi'] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'warikan-stranger-'));
  const data = join(folder, 'wallet');
  let server = await startWallet(data, args);
  const walletKey = textAt(server.ready, 'operatorKey');
  const [client, { text: token }, ...programs] = await Promise.all([
    openClient(server.base),
    runTask(data, ['--new-admin-token', 'stranger']),
    ...names.map((name) => {
      const operatorId = name.toLowerCase();
      return startOperator({ data: join(folder, operatorId), operatorId, name, walletUrl: server.base, walletKey });
    }),
  ]);
  const admin = { token };
  const operators = await Promise.all(programs.map((program) => addOperator(client, admin, program)));
  const ask = (operation: string, request: Ask = {}) => client.ask(operation, request);
  let isClosed = false;

  return {
    client,
    server: () => server,
    data,
    admin,
    operators,
    ask,
    openShop: (name, rules = {}) => openShop(client, admin, name, rules),
    openPerson: (name, purse = {}) => openPerson(client, name, purse, operators[0]?.operatorId ?? ''),
    checkBooks: async () => {
      const { code, text } = await runTask(data, ['--books']);
      const books = JSON.parse(text) as Json;
      return { code, sum: at(books, 'sum') ?? null, faults: at(books, 'faults') ?? null };
    },
    restart: async ({ signal, args: next = [] }) => {
      await server.kill(signal);
      server = await startWallet(data, ['--port', new URL(client.base).port, ...next]);
      // A test that ran out of time goes on behind our back.
      if (isClosed) await server.kill('SIGKILL');
    },
    close: async () => {
      isClosed = true;
      await Promise.all([server, ...operators.map(({ program }) => program)].map((program) => program.kill('SIGTERM')));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function addOperator(client: Client, admin: Asker, program: Program): Promise<Operator> {
  const operatorId = textAt(program.ready, 'operatorId');
  const info = (await (await fetch(`${program.base}/v1/info`)).json()) as Json;
  const kinds = listAt(info, 'kinds').map((one) => textAt(one, 'kind'));
  const name = textAt(info, 'name');
  const body = { name, url: program.base, publicKey: textAt(info, 'webhookKey'), kinds };
  await done(client.ask('adminPutOperator', { by: admin, params: { operatorId }, body }));
  return { operatorId, name, program, turn: (what, switches) => post(`${program.base}/control/${what}`, switches) };
}

/** The body of an answer that must be a good one. */
export async function done(reply: Promise<Reply>): Promise<Json> {
  const { status, body } = await reply;
  if (status >= 300) throw new Error(`refused: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** The code of a problem or the state of what was booked: what most refusals and outcomes are told apart by. */
export async function wordOf(reply: Promise<Reply>): Promise<string> {
  const { body } = await reply;
  return saidAt(body, 'code') || saidAt(body, 'reason') || saidAt(body, 'state') || 'ok';
}

export function money(amount: number, currency = 'JPY'): { readonly amount: number; readonly currency: string } {
  return { amount, currency };
}

/** UUIDv7, RFC 9562 §5.7. */
export function newId(): string {
  const hex = Buffer.concat([Buffer.alloc(6), randomBytes(10)]);
  hex.writeUIntBE(Date.now(), 0, 6);
  hex.writeUInt8((hex.readUInt8(6) & 0x0f) | 0x70, 6);
  hex.writeUInt8((hex.readUInt8(8) & 0x3f) | 0x80, 8);
  return hex.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export function makeKeyPair(): { readonly key: KeyObject; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { key: privateKey, publicKey: String(publicKey.export({ format: 'jwk' }).x) };
}

export async function openTerminal(
  client: Client,
  admin: Asker,
  storeId: string,
  options: { readonly isApproved?: boolean } = {},
): Promise<Terminal> {
  const codeRequest = { by: admin, params: { storeId }, body: {} };
  const code = await done(client.ask('adminMakeEnrolmentCode', codeRequest));
  const { key, publicKey } = makeKeyPair();
  const enrolment = { enrolmentCode: textAt(code, 'enrolmentCode'), publicKey, name: 'Till 1' };
  const enrolled = await done(client.ask('enrolTerminal', { body: enrolment }));
  const terminalId = textAt(enrolled, 'terminalId');
  const device = signByKey(textAt(enrolled, 'keyId'), key);
  const approval = { by: admin, params: { terminalId }, body: { fingerprint: textAt(enrolled, 'fingerprint') } };
  if (options.isApproved ?? true) await done(client.ask('adminApproveTerminal', approval));
  const opened = (options.isApproved ?? true) ? await done(client.ask('openSession', { by: device })) : undefined;
  const session = opened === undefined ? device : signBySession(textAt(opened, 'keyId'), textAt(opened, 'secret'));

  const ask = (operation: string, request: Ask = {}) => client.ask(operation, { by: session, ...request });
  const askByDevice = (operation: string, request: Ask = {}) => client.ask(operation, { by: device, ...request });
  return {
    terminalId,
    key,
    device,
    session,
    ask,
    askByDevice,
    pay: (token, amount, more = {}) => {
      const { settlementId = newId(), isRough = false } = more;
      return ask('putSettlement', { params: { settlementId }, body: payment(token, amount, more), isRough });
    },
    cancel: (settlementId) => askByDevice('cancelSettlement', { params: { settlementId } }),
    refund: (settlementId, amount, { refundId = newId(), ...more } = {}) =>
      ask('putRefund', {
        params: { settlementId, refundId },
        body: { amount: money(amount), ...more },
      }),
  };
}

/** The body of a settlement. */
export function payment(token: string, amount: number, more: PayOptions = {}): Record<string, Json> {
  return {
    checkId: more.checkId ?? newId(),
    amount: money(amount, more.currency),
    token,
    capturedAt: more.capturedAt ?? new Date().toISOString(),
    mode: more.mode ?? 'online',
    ...(more.group === undefined ? {} : { group: more.group }),
  };
}

async function openShop(client: Client, admin: Asker, name: string, rules: Record<string, Json>): Promise<Shop> {
  const storeId = newId();
  await done(client.ask('adminOpenStore', { by: admin, params: { storeId }, body: { name, ...rules } }));
  const open = () => openTerminal(client, admin, storeId);
  return { storeId, name, openTerminal: open, till: await open() };
}

async function openPerson(client: Client, name: string, purse: Purse, operatorId: string): Promise<Person> {
  const { balance = 0, jurisdiction } = purse;
  const { key, publicKey } = makeKeyPair();
  const body = { name, publicKey, ...(jurisdiction === undefined ? {} : { jurisdiction }) };
  const opened = await done(client.ask('openWallet', { body }));
  const phone = signByKey(textAt(opened, 'keyId'), key);
  const ask = (operation: string, request: Ask = {}) => client.ask(operation, { by: phone, ...request });
  await done(ask('putPin', { body: { pin: PIN } }));
  const currency = jurisdiction === undefined ? 'JPY' : textAt(await done(ask('getWallet')), 'balance.currency');
  const credentials = new Map<string, Promise<Buffer>>();
  let lastCounter = 0;

  const person: Person = {
    walletId: textAt(opened, 'walletId'),
    name,
    pin: PIN,
    currency,
    key,
    phone,
    ask,
    balance: async () => numberAt(await done(ask('getWallet')), 'balance.amount'),
    register: async (operator, setupToken = `means of ${newId()}`, kind = 'card') =>
      textAt(
        await done(ask('addReloadMethod', { body: { operatorId: operator, kind, setupToken } })),
        'method.methodId',
      ),
    reload: (methodId, amount, reloadId = newId()) =>
      ask('putReload', { params: { reloadId }, body: { methodId, amount: money(amount, currency) } }),
    credential: (method = 'shown_code') => {
      const known = credentials.get(method) ?? fetchCredential(ask, method);
      credentials.set(method, known);
      return known;
    },
    showCode: async ({ method, olderSteps = 0, counter = (lastCounter += 1) } = {}) => {
      const credential = await person.credential(method);
      return makeCode({ credential, counter, step: stepOf(Date.now()) - olderSteps, key });
    },
    listen: async (lastEventId) => {
      const after = lastEventId ?? textAt(await done(ask('getWallet')), 'lastEventId');
      return client.listen('walletEvents', { by: phone, headers: { 'last-event-id': after } });
    },
    history: async () => (at(await done(ask('listHistory')), 'entries') ?? []) as readonly Json[],
  };
  if (balance > 0) {
    const reply = await done(person.reload(await person.register(operatorId), balance));
    if (at(reply, 'state') !== 'credited') throw new Error(`not credited: ${JSON.stringify(reply)}`);
  }
  return person;
}

async function fetchCredential(ask: Person['ask'], method: string): Promise<Buffer> {
  const issued = await done(ask('issueCredential', { body: { pin: PIN, method } }));
  return Buffer.from(textAt(issued, 'credential'), 'base64url');
}

function post(url: string, body: Json): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}
