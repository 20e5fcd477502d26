import assert from 'node:assert';
import { generateKeyPairSync } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { verifyRequest } from '#contract/signature.ts';
import type { SettlementRequest } from '#contract/settlement.ts';
import { fingerprintOf } from '#contract/fingerprint.ts';
import type { WalletLink } from '#contract/terminal.ts';
import { type KeyStore, type WalletClient, openWalletClient } from '#main/terminal/paying/wallet-client.ts';
import { collectLog, risingIds } from '#test/support/open-till.ts';
import { approved, problem } from '#test/support/scripted-wallet.ts';
import { openTillClock, type TillClock, tillOpensMs } from '#test/support/till-clock.ts';
import { verifyEd25519 } from '#test/support/wallet-keys.ts';

const attemptId = '019ab000-0000-7000-8000-000000000001';
const request = {
  checkId: '019ab000-0000-7000-8000-000000000002',
  amount: { amount: 500, currency: 'JPY' },
  token: 'WRK1:A SECRET CODE',
  capturedAt: '2026-11-23T00:00:00.000Z',
  mode: 'online',
} as SettlementRequest;
const good = approved({
  errand: 'settle',
  attemptId,
  body: request,
  atMs: 0,
  reply: () => Promise.resolve(),
});
assert(good.type === 'settlement');

interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answerer = (request: Arrived, response: ServerResponse) => void;

/** A real server on a real socket; whatever asks for the keys or a session is told that there are none. */
async function openServer(answer: Answerer, hasSessions = false) {
  const arrived: Arrived[] = [];
  const keysAnswered = new EventEmitter();
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const whole = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
      if (url === '/v1/keys') {
        json(response, 200, { keys: [], serverTime: '2026-11-23T00:00:00.000Z' });
        response.on('close', () => keysAnswered.emit('answered'));
        return;
      }
      if (url === '/v1/terminals/me/sessions' && !hasSessions) return json(response, 404, problemOf('not_found'));
      arrived.push(whole);
      answer(whole, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  onTestFinished(async () => {
    if (server.listening) await close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    close,
    nextKeys: () => once(keysAnswered, 'answered'),
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', date: new Date(tillOpensMs).toUTCString() });
  response.end(JSON.stringify(body));
}

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const rawPublicKey = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
const identity = {
  keyId: 'terminal-1',
  terminalId: '019ab000-0000-7000-8000-00000000000a',
  storeId: '019ab000-0000-7000-8000-00000000000b',
  storeName: 'Kissa',
  privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
};

function memoryKeys(values: Record<string, string> = { 'wallet.json': JSON.stringify(identity) }): KeyStore {
  return {
    read: (name) => values[name],
    write(name, value) {
      values[name] = value;
    },
  };
}

function openClient(baseUrl: string | undefined, change: { keys?: KeyStore; fetch?: typeof fetch } = {}) {
  const clock = openTillClock();
  const logged: string[] = [];
  const links: WalletLink[] = [];
  const client: WalletClient = openWalletClient({
    baseUrl: () => baseUrl,
    keys: change.keys ?? memoryKeys(),
    identityName: 'wallet.json',
    terminalName: 'Terminal 01',
    fetch: change.fetch ?? fetch,
    clock,
    newId: risingIds(clock),
    log: collectLog(logged),
  });
  /** Resolves with the first link, now or later, that is in this state. */
  const linked = (state: WalletLink['state']): Promise<WalletLink> =>
    new Promise((resolve) => {
      client.onLink((link) => {
        if (link.state === state) resolve(link);
      });
    });
  client.onLink((link) => links.push(link));
  onTestFinished(() => {
    client.close();
  });
  return { client, clock, logged, links, linked };
}

/** The next heartbeat is set once the answers of this one were taken. */
function hasAsked(clock: TillClock): Promise<void> {
  return vi.waitFor(() => expect(clock.nextDueMs()).toBe(10_000), { timeout: 10_000, interval: 5 });
}

describe('a settlement over the wire', () => {
  test('row 22: carries the request as it is, and its answer back', async () => {
    const server = await openServer((_, response) => json(response, 200, good.settlement));
    const { client } = openClient(server.url);

    const replies = [
      await client.settle(attemptId, request),
      await client.inquire(attemptId),
      await client.cancel(attemptId),
    ];

    expect([replies, server.arrived.map(({ method, url, body }) => [method, url, body])]).toEqual([
      [good, good, good],
      [
        ['PUT', `/v1/settlements/${attemptId}`, JSON.stringify(request)],
        ['GET', `/v1/settlements/${attemptId}`, ''],
        ['POST', `/v1/settlements/${attemptId}/cancel`, ''],
      ],
    ]);
  });

  test("row 22: is signed with the terminal's own key, over the body too, another nonce each time", async () => {
    const server = await openServer((_, response) => json(response, 200, good.settlement));
    const { client } = openClient(server.url);
    await client.settle(attemptId, request);
    await client.settle(attemptId, request);

    const verdicts = await Promise.all(
      server.arrived.map(({ method, url, headers, body }) =>
        verifyRequest({
          method,
          url: `${server.url}${url}`,
          body: Buffer.from(body),
          nowSeconds: tillOpensMs / 1e3,
          headers: headers as Record<string, string>,
          findKey: (keyId) =>
            keyId === 'terminal-1'
              ? {
                  algorithm: 'ed25519',
                  verify: (base, signature) => verifyEd25519(rawPublicKey, base, signature),
                }
              : undefined,
        }),
      ),
    );

    const common = { ok: true, keyId: 'terminal-1', created: tillOpensMs / 1_000, idempotencyKey: undefined };
    expect(verdicts).toMatchObject([common, common]);
    const nonces = verdicts.map((verdict) => verdict.ok && verdict.nonce);
    expect(new Set(nonces).size).toBe(2);
  });

  test("is signed with the server's time where our clock is wrong", async () => {
    const server = await openServer((_, response) => json(response, 200, good.settlement));
    const { client, clock, linked } = openClient(server.url);
    await linked('online');
    clock.setWall(-7 * 60_000);
    await client.inquire(attemptId);

    await client.inquire(attemptId);

    const created = server.arrived.map(({ headers }) => /created=(\d+)/.exec(String(headers['signature-input']))?.[1]);
    expect(created).toEqual([tillOpensMs / 1_000 - 420, tillOpensMs / 1_000].map(String));
  });

  test('that is refused brings the problem', async () => {
    const server = await openServer((_, response) => json(response, 404, problemOf('not_found')));
    const { client } = openClient(server.url);

    expect(await client.inquire(attemptId)).toEqual(problem('not_found'));
  });

  test('row 33: needs an enrolled terminal: without, nothing is sent', async () => {
    const server = await openServer((_, response) => json(response, 200, good.settlement));
    const { client } = openClient(server.url, { keys: memoryKeys({}) });

    expect([await client.settle(attemptId, request), client.notReady(), server.arrived]).toEqual([
      { type: 'notSent', detail: 'this terminal is not enrolled' },
      'this terminal is not enrolled at a wallet server',
      [],
    ]);
  });

  test('needs a running server: without an address, nothing is sent', async () => {
    const { client, linked } = openClient(undefined);

    expect([await client.settle(attemptId, request), await linked('unreachable')]).toMatchObject([
      { type: 'notSent', detail: 'the wallet server is not running' },
      { detail: 'the wallet server is not running' },
    ]);
  });
});

describe('a session', () => {
  const offlinePolicy = {
    currency: 'JPY',
    perSettlement: 10_000,
    perSettlementHard: 30_000,
    perCustomerPerDay: 10_000,
    twoWayAbove: 3_000,
    storedAmount: 300_000,
    storedCount: 200,
    oldestItemSeconds: 86_400,
    keysMaxAgeSeconds: 604_800,
    denyListMaxAgeSeconds: 86_400,
  };
  /** Gives sessions of 15 minutes, and takes what `takes` says of a request that one signed. */
  const openSessionServer = async (takes: (request: Arrived) => boolean) => {
    let opened = 0;
    const server = await openServer((request, response) => {
      if (request.url === '/v1/terminals/me/sessions') {
        opened += 1;
        const expiresAt = new Date(tillOpensMs + 15 * 60_000).toISOString();
        return json(response, 201, {
          keyId: `s.${opened}`,
          secret: Buffer.alloc(32, opened).toString('base64url'),
          expiresAt,
          policy: { offline: offlinePolicy, settlementMethods: ['shown_code'] },
          denyListVersion: 0,
          serverTime: expiresAt,
        });
      }
      return takes(request) ? json(response, 200, good.settlement) : json(response, 401, problemOf('session_expired'));
    }, true);
    return server;
  };
  const signedBy = ({ headers }: Arrived): string =>
    /keyid="([^"]+)"/.exec(String(headers['signature-input']))?.[1] ?? '';
  const settlements = (arrived: readonly Arrived[]): string[] =>
    arrived.filter(({ url }) => url.startsWith('/v1/settlements')).map(signedBy);

  test('signs the settlements and the questions, and the device key the cancel', async () => {
    const server = await openSessionServer(() => true);
    const { client, linked, clock } = openClient(server.url);
    await linked('online');
    await hasAsked(clock);
    await client.settle(attemptId, request);
    await client.inquire(attemptId);
    await client.cancel(attemptId);

    expect(settlements(server.arrived)).toEqual(['s.1', 's.1', 'terminal-1']);
  });

  test('that the server no longer takes is dropped, and the same request goes out again by the device key', async () => {
    const server = await openSessionServer((request) => signedBy(request) === 'terminal-1');
    const { client, linked, clock } = openClient(server.url);
    await linked('online');
    await hasAsked(clock);
    const reply = await client.settle(attemptId, request);

    expect([reply.type, settlements(server.arrived)]).toEqual(['settlement', ['s.1', 'terminal-1']]);
  });

  test('that is nearly over signs nothing', async () => {
    const server = await openSessionServer(() => true);
    const { client, linked, clock } = openClient(server.url);
    await linked('online');
    await hasAsked(clock);
    clock.setWall(14.6 * 60_000);
    await client.settle(attemptId, request);

    expect(settlements(server.arrived)).toEqual(['terminal-1']);
  });
});

describe('what went wrong', () => {
  test('before a connection was there is certain: not a byte left', async () => {
    const server = await openServer(() => undefined);
    await server.close();
    const { client, linked } = openClient(server.url);

    expect([await client.settle(attemptId, request), await linked('unreachable')]).toMatchObject([
      { type: 'notSent', detail: 'ECONNREFUSED' },
      { detail: 'ECONNREFUSED' },
    ]);
  });

  test('after the request left is not: it may have been booked', async () => {
    const server = await openServer((_, response) => response.destroy());
    const { client } = openClient(server.url);

    expect((await client.settle(attemptId, request)).type).toBe('noAnswer');
    expect(server.arrived).toHaveLength(1);
  });

  test.each(['EHOSTUNREACH', 'ENETUNREACH', 'ECONNREFUSED'])(
    'with %s on a connection that stood is not certain either',
    async (code) => {
      const broken = Object.assign(new Error(`read ${code}`), { code, syscall: 'read' });
      const unconnected = Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' });
      const replies = [];
      for (const cause of [broken, unconnected]) {
        const failing = () => Promise.reject(new TypeError('fetch failed', { cause }));
        const { client } = openClient('http://wallet.example', { fetch: failing });
        replies.push(await client.settle(attemptId, request));
      }
      expect(replies).toEqual([
        { type: 'noAnswer', detail: code },
        { type: 'notSent', detail: code },
      ]);
    },
  );

  test.each<[string, Answerer]>([
    ['garbage', (_, response) => response.end('}{')],
    [
      'a page of a proxy',
      (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>502</h1>'),
    ],
    ['another shape', (_, response) => json(response, 200, { state: 'approved' })],
    ['a problem without a code', (_, response) => json(response, 503, { title: 'no' })],
    ['a redirect', (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
    [
      'half an answer',
      (_, response) =>
        response.writeHead(200, { 'content-length': '900' }).write('{"state":', () => response.destroy()),
    ],
  ])('with %s for an answer is not certain', async (_, answer) => {
    const server = await openServer(answer);
    const { client } = openClient(server.url);

    expect((await client.settle(attemptId, request)).type).toBe('noAnswer');
  });

  test('with an answer that says it is over 1 MiB is not read', async () => {
    const server = await openServer((_, response) => {
      response
        .writeHead(200, { 'content-length': String(2_000_000) })
        .end(JSON.stringify(good.settlement).padEnd(2_000_000));
    });
    const { client } = openClient(server.url);

    expect((await client.settle(attemptId, request)).type).toBe('noAnswer');
  });

  test('with an answer without an end is left after 1 MiB', async () => {
    let sent = 0;
    let ended: Promise<unknown> = Promise.resolve();
    const server = await openServer((_, response) => {
      const chunk = Buffer.alloc(65_536, 0x20);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      response.on('drain', more);
      ended = once(response, 'close');
      more();
    });
    const { client } = openClient(server.url);

    expect((await client.settle(attemptId, request)).type).toBe('noAnswer');
    await ended;
    expect(sent).toBeLessThan(32 * 1_048_576);
  });

  test('with no answer at all is left after 30 seconds', async () => {
    let arrive = (): void => undefined;
    const hasArrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const server = await openServer(() => {
      arrive();
    });
    const { client, clock } = openClient(server.url);
    const reply = client.settle(attemptId, request);
    await hasArrived;

    await clock.advance(29_999);
    const early = await Promise.race([reply, Promise.resolve('waiting')]);
    await clock.advance(1);

    expect([early, await reply]).toEqual(['waiting', { type: 'noAnswer', detail: 'AbortError' }]);
  });

  test('row 32: is logged without the code of the customer', async () => {
    const server = await openServer((_, response) => json(response, 422, problemOf('token_invalid')));
    const { client, logged } = openClient(server.url);

    await client.settle(attemptId, request);

    expect([logged.length > 0, logged.join('').includes('SECRET')]).toEqual([true, false]);
  });
});

describe('the link', () => {
  test('is online as soon as the server answers, without anybody paying', async () => {
    const server = await openServer(() => undefined);
    const { links, linked } = openClient(server.url);

    await linked('online');

    expect(links.map(({ state }) => state)).toEqual(['unknown', 'online']);
  });

  test('comes back by itself within a second of the server', async () => {
    const address: { url?: string } = {};
    const server = await openServer(() => undefined);
    const clock = openTillClock();
    const states: string[] = [];
    let online = (): void => undefined;
    const isOnline = new Promise<void>((resolve) => {
      online = resolve;
    });
    const client = openWalletClient({
      baseUrl: () => address.url,
      keys: memoryKeys(),
      identityName: 'wallet.json',
      terminalName: 'T',
      fetch,
      clock,
      newId: risingIds(clock),
      log: collectLog([]),
    });
    onTestFinished(() => {
      client.close();
    });
    client.onLink(({ state }) => {
      states.push(state);
      if (state === 'online') online();
    });
    await clock.advance(0);
    address.url = server.url;

    await clock.advance(1_000);
    await isOnline;

    expect(states).toEqual(['unreachable', 'online']);
  });

  test('row 33: is refused where the server knows this terminal no more, and an unsigned question does not hide it', async () => {
    let status: [number, unknown] = [403, problemOf('device_revoked')];
    const server = await openServer((_, response) => json(response, ...status));
    const { client, clock, links, linked } = openClient(server.url);
    await linked('online');
    await hasAsked(clock);
    await client.inquire(attemptId);
    expect(links.at(-1)).toMatchObject({ state: 'refused', detail: 'device_revoked' });

    const keysAsked = server.nextKeys();
    await clock.advance(10_000);
    await keysAsked;
    await client.inquire(attemptId);
    expect(links.map(({ state }) => state)).toEqual(['unknown', 'online', 'refused']);

    status = [200, good.settlement];
    await client.inquire(attemptId);
    expect(links.at(-1)?.state).toBe('online');
  });

  test('is unreachable while the server fails', async () => {
    const server = await openServer((_, response) => json(response, 503, problemOf('overloaded')));
    const { client, links, linked } = openClient(server.url);
    await linked('online');

    await client.inquire(attemptId);

    expect(links.at(-1)).toMatchObject({ state: 'unreachable', detail: 'overloaded' });
  });
});

describe('enrolment', () => {
  const enrolled = {
    terminalId: identity.terminalId,
    storeId: identity.storeId,
    storeName: 'Kissa',
    keyId: 'key-7',
    state: 'active',
    fingerprint: 'AAAA-BBBB-CCCC-DDDD-EEEE',
    serverTime: '2026-11-23T00:00:00.000Z',
  };

  test('keeps the key that it told the server of, before it says that it is done', async () => {
    const server = await openServer((_, response) => json(response, 201, enrolled));
    const values: Record<string, string> = {};
    const { client } = openClient(server.url, { keys: memoryKeys(values) });

    expect([client.isEnrolled(), await client.enrol('CODE-1'), client.isEnrolled(), client.notReady()]).toEqual([
      false,
      { type: 'enrolled' },
      true,
      undefined,
    ]);

    const kept = JSON.parse(values['wallet.json'] ?? '{}') as typeof identity;
    const told = JSON.parse(server.arrived[0]?.body ?? '{}') as {
      enrolmentCode: string;
      publicKey: string;
      name: string;
    };
    const { createPublicKey } = await import('node:crypto');
    expect([kept.keyId, told]).toEqual([
      'key-7',
      {
        enrolmentCode: 'CODE-1',
        publicKey: createPublicKey(kept.privateKey).export({ format: 'jwk' }).x,
        name: 'Terminal 01',
      },
    ]);
  });

  test('that waits for approval shows the fingerprint, and is ready once it was approved', async () => {
    let state = 'awaiting_approval';
    const view = { ...enrolled, name: 'Terminal 01', enrolledAt: '2026-11-23T00:00:00.000Z' };
    const server = await openServer((request, response) =>
      request.method === 'POST'
        ? json(response, 201, { ...enrolled, state })
        : json(
            response,
            200,
            request.url === '/v1/keys' ? { keys: [], serverTime: view.serverTime } : { ...view, state },
          ),
    );
    const { client, clock, links, linked } = openClient(server.url, { keys: memoryKeys({}) });
    await linked('online');

    await client.enrol('CODE-1');
    const { publicKey } = JSON.parse(server.arrived.find(({ method }) => method === 'POST')?.body ?? '{}') as {
      publicKey: string;
    };
    const fingerprint = fingerprintOf(Buffer.from(publicKey, 'base64url'));
    expect([client.notReady(), links.at(-1)]).toMatchObject([
      'this terminal waits for approval at the wallet server',
      { state: 'refused', detail: `waits for approval: fingerprint ${fingerprint}` },
    ]);

    state = 'active';
    const ready = new Promise<WalletLink>((resolve) => {
      client.onLink((link) => link.state === 'online' && resolve(link));
    });
    await clock.advance(10_000);
    await ready;
    expect([client.notReady(), links.map((link) => link.state)]).toEqual([
      undefined,
      ['unknown', 'online', 'refused', 'online'],
    ]);
  });

  test('that waited for approval when the till was started anew still says so', async () => {
    const server = await openServer((request, response) =>
      request.url === '/v1/keys'
        ? json(response, 200, { keys: [], serverTime: enrolled.serverTime })
        : json(response, 403, problemOf('terminal_not_approved')),
    );
    const { client, links } = openClient(server.url);

    await client.inquire(attemptId);

    expect([client.notReady(), links.at(-1)?.detail]).toEqual([
      'this terminal waits for approval at the wallet server',
      `waits for approval: fingerprint ${fingerprintOf(rawPublicKey)}`,
    ]);
  });

  test('that cannot be kept is none', async () => {
    const server = await openServer((_, response) => json(response, 201, enrolled));
    const full: KeyStore = {
      read: () => undefined,
      write: () => {
        throw new Error('ENOSPC');
      },
    };
    const { client } = openClient(server.url, { keys: full });

    await expect(client.enrol('CODE-1')).rejects.toThrow('ENOSPC');
    expect(client.isEnrolled()).toBe(false);
  });

  test('with a wrong code is refused in words', async () => {
    const server = await openServer((_, response) => json(response, 403, problemOf('enrolment_code_invalid')));
    const { client } = openClient(server.url, { keys: memoryKeys({}) });

    expect([await client.enrol('WRONG'), client.isEnrolled()]).toEqual([
      { type: 'refused', detail: 'enrolment_code_invalid' },
      false,
    ]);
  });
});

test('a server that only accepts the connection leaves the outcome open', async () => {
  const tcp = createTcpServer((socket) => socket.destroy());
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  onTestFinished(() => {
    tcp.close();
  });
  const { client } = openClient(`http://127.0.0.1:${(tcp.address() as AddressInfo).port}`);

  expect((await client.settle(attemptId, request)).type).toBe('noAnswer');
});

function problemOf(code: Parameters<typeof problem>[0]): unknown {
  const reply = problem(code);
  return reply.type === 'problem' ? reply.problem : undefined;
}
