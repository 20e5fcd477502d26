import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { uuidV7 } from '#contract/ids.ts';
import { type SignatureAlgorithm, signRequest } from '#contract/signature.ts';
import { credentialSigningInput, encodeClaims, encodeCredential } from '#contract/token.ts';
import { PROJECT } from '#test/support/programs.ts';
import { makeKey, showCode, type TestKey } from '#test/support/wallet-keys.ts';
import { makeCaller } from '#test/wallet/server/caller.ts';
import { openKeys, type ServerKeys } from '#wallet/server/keys.ts';
import { openPostgresBooks, type PostgresBooks } from '#wallet/server/store/postgres.ts';
import { storeId, walletId } from './wallet-town.ts';
import { openWire, requestBytes } from './wire.ts';

/** The whole wallet server in a process of its own, asked by terminals with customers' codes. All is made beforehand. */
export interface HttpBench {
  /** Signed single settlements over 256 connections, under session keys. */
  readonly singles: Load;
  /** Batches of 64 offline settlements, each under one signature of a device key, over 8 connections. */
  readonly batches: Load;
  close(): Promise<void>;
}

interface Load {
  /** Makes enough requests for so long: their codes and signatures are good for a minute. */
  prepare(seconds: number): Promise<void>;
  /** Resolves to the settlements that were approved, a second. */
  run(seconds: number): Promise<number>;
}

const PHONES = 5_000;
const TERMINALS = 64;
const BATCH = 64;
/** More than any server answers. */
const SINGLES_A_SECOND = 9_000;
const BATCHES_A_SECOND = 200;
/** No limit of one address or one key is in the way. */
const RATE_PER_KEY = 1_000_000;
const ALLOWANCE = 10_000;
const MAX_AMOUNT = 20;

interface Phone {
  readonly key: TestKey;
  readonly credential: Uint8Array;
  counter: number;
}

interface Terminal {
  readonly key: TestKey;
  readonly keyId: string;
  readonly session: { readonly keyId: string; readonly secret: Buffer };
}

export async function openHttpBench(databaseUrl: string, folder: string): Promise<HttpBench> {
  mkdirSync(folder, { recursive: true });
  const keyFile = join(folder, 'keys.json');
  const keys = openKeys(keyFile, { nowMs: Date.now });
  const books = await openPostgresBooks(databaseUrl);
  const phones = await addPhones(books, keys);
  const enrolled = await addTerminals(books);
  await books.close();
  const { server, base } = await startServer(databaseUrl, keyFile);
  const terminals: Terminal[] = [];
  for (const { key, keyId } of enrolled) {
    const { keyId: name, secret } = await makeCaller({ base, keyId, key }).get('openSession', {});
    terminals.push({ key, keyId, session: { keyId: name, secret: Buffer.from(secret, 'base64url') } });
  }

  let shown = 0;
  function item(mode: 'online' | 'offline') {
    const phone = phones[shown++ % phones.length];
    if (phone === undefined) throw new Error('there are phones');
    const nowMs = Date.now();
    return {
      settlementId: uuidV7(nowMs, randomBytes(10)),
      checkId: uuidV7(nowMs, randomBytes(10)),
      amount: { amount: 1 + (shown % MAX_AMOUNT), currency: 'JPY' },
      token: showCode(phone.key, phone.credential, ++phone.counter, nowMs),
      capturedAt: new Date(nowMs).toISOString(),
      mode,
    };
  }

  function terminalFor(index: number): Terminal {
    const terminal = terminals[index % terminals.length];
    if (terminal === undefined) throw new Error('there are terminals');
    return terminal;
  }

  async function makeSingle(_: unknown, index: number): Promise<Buffer> {
    const { session } = terminalFor(index);
    const { settlementId, ...body } = item('online');
    const sign = (base: Uint8Array): Uint8Array => createHmac('sha256', session.secret).update(base).digest();
    const path = `/v1/settlements/${settlementId}`;
    return signed('PUT', base + path, body, { keyId: session.keyId, algorithm: 'hmac-sha256', sign });
  }

  async function makeBatch(_: unknown, index: number): Promise<Buffer> {
    const { key, keyId } = terminalFor(index);
    const body = { items: Array.from({ length: BATCH }, () => item('offline')) };
    return signed('POST', `${base}/v1/settlements/batch`, body, { keyId, algorithm: 'ed25519', sign: key.sign });
  }

  return {
    singles: openLoad(base, 256, SINGLES_A_SECOND, makeSingle),
    batches: openLoad(base, 8, BATCHES_A_SECOND, makeBatch),
    close: async () => {
      const exited = once(server, 'exit');
      server.kill('SIGTERM');
      await exited;
    },
  };
}

function openLoad(
  base: string,
  connections: number,
  requestsASecond: number,
  make: (_: unknown, index: number) => Promise<Buffer>,
): Load {
  let requests: Buffer[] = [];
  return {
    prepare: async (seconds) => {
      requests = await Promise.all(Array.from({ length: Math.ceil(requestsASecond * seconds) }, make));
    },
    run: async (seconds) => {
      const wires = await Promise.all(Array.from({ length: connections }, () => openWire(Number(new URL(base).port))));
      const startedAtMs = performance.now();
      const endMs = startedAtMs + 1_000 * seconds;
      let approved = 0;
      await Promise.all(
        wires.map(async (wire) => {
          while (performance.now() < endMs) {
            const request = requests.pop();
            if (request === undefined) throw new Error('the server is faster than was thought: make more requests');
            const answer = await wire.ask(request);
            approved += answer.split('"state":"approved"').length - 1;
          }
        }),
      );
      const rate = (1_000 * approved) / (performance.now() - startedAtMs);
      for (const wire of wires) wire.close();
      return rate;
    },
  };
}

async function signed(
  method: string,
  url: string,
  content: object,
  signer: {
    readonly keyId: string;
    readonly algorithm: SignatureAlgorithm;
    readonly sign: (base: Uint8Array) => Uint8Array;
  },
): Promise<Buffer> {
  const body = JSON.stringify(content);
  const headers = await signRequest({
    method,
    url,
    body,
    created: Math.floor(Date.now() / 1_000),
    nonce: randomBytes(16).toString('base64url'),
    sha256: (bytes) => createHash('sha256').update(bytes).digest(),
    ...signer,
  });
  return requestBytes(method, url, { ...headers }, body);
}

/** As binding and a PIN would make them. */
async function addPhones({ db }: PostgresBooks, keys: ServerKeys): Promise<Phone[]> {
  const issuedAt = Math.floor(Date.now() / 1_000);
  const { keyId, sign } = keys.signing;
  const rows = Array.from({ length: PHONES }, (_, index) => {
    const key = makeKey();
    const alias = randomBytes(12).toString('base64url');
    const claims = {
      version: 1 as const,
      alias,
      phoneKey: key.publicKey,
      currency: 'JPY',
      perPaymentLimit: 50_000,
      offlineAllowance: ALLOWANCE,
      issuedAt,
      expiresAt: issuedAt + 24 * 3_600,
    };
    const { protectedHeader, payload } = encodeClaims(claims, keyId);
    const signature = sign(credentialSigningInput(protectedHeader, payload));
    const phoneId = uuidV7(Date.now(), randomBytes(10));
    const row = {
      id: phoneId,
      wallet_id: walletId(index),
      alias,
      key_id: phoneId,
      public_key: Buffer.from(key.publicKey),
      bound_at_ms: Date.now(),
      revoked_at_ms: null,
    };
    return { row, phone: { key, credential: encodeCredential({ protectedHeader, payload, signature }), counter: 0 } };
  });
  for (let first = 0; first < rows.length; first += 500) {
    const some = rows.slice(first, first + 500).map(({ row }) => row);
    await db.insertInto('phone').values(some).execute();
  }
  return rows.map(({ phone }) => phone);
}

async function addTerminals({ db }: PostgresBooks): Promise<{ readonly key: TestKey; readonly keyId: string }[]> {
  const terminals = Array.from({ length: TERMINALS }, () => ({
    key: makeKey(),
    keyId: uuidV7(Date.now(), randomBytes(10)),
  }));
  const rows = terminals.map(({ key, keyId }, index) => ({
    id: keyId,
    store_id: storeId(index),
    name: 'Till 1',
    key_id: keyId,
    public_key: Buffer.from(key.publicKey),
    enrolled_at_ms: Date.now(),
    approved_at_ms: Date.now(),
    revoked_at_ms: null,
  }));
  await db.insertInto('terminal').values(rows).execute();
  return terminals;
}

type Server = ChildProcessByStdio<null, Readable, null>;

async function startServer(
  databaseUrl: string,
  keyFile: string,
): Promise<{ readonly server: Server; readonly base: string }> {
  const args = ['--keys', keyFile, '--no-demo', '--port', '0', '--rate-per-key', String(RATE_PER_KEY)];
  const server = spawn(process.execPath, [join(PROJECT, 'wallet/server/process.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl },
  });
  const end = (): void => void server.kill('SIGKILL');
  process.once('exit', end);
  server.once('exit', () => process.off('exit', end));
  const base = await new Promise<string>((resolve, reject) => {
    createInterface({ input: server.stdout }).on('line', (line) => {
      const found = /^wallet server ready at (\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    server.once('exit', (code) => reject(new Error(`the wallet server ended with ${code}`)));
  });
  return { server, base };
}
