import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import { signRequest } from '#contract/signature.ts';
import { problemSchema } from '#contract/wallet.ts';
import { type Caller, makeCaller, newId, openSession } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenOptions, type OpenWallet } from '#test/wallet/server/open.ts';
import { openRateLimit, openFailureCount, sourceOf } from '#wallet/server/limits.ts';
import { openNonceMemory } from '#wallet/server/nonces.ts';

let wallet: OpenWallet | undefined;
const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });

afterEach(async () => {
  await wallet?.close();
  wallet = undefined;
});

async function open(options: OpenOptions = {}): Promise<OpenWallet> {
  wallet = await openWallet(options);
  return wallet;
}

describe('S10: a server that is asked for more than it can carry', () => {
  test(
    'sheds with 503 and Retry-After, carries a bounded number, and loses nothing that it answered',
    { timeout: 120_000 },
    async () => {
      const gate = Promise.withResolvers<void>();
      const lists: number[] = [];
      const slow = await open({
        // A disk that does not finish at first: everything piles up behind the first commit.
        wrap: (ledger) => ({
          ...ledger,
          book: async (commands) => {
            lists.push(commands.length);
            await gate.promise;
            return ledger.book(commands);
          },
        }),
      });
      // Customers come with a reload, which is booked beside the gate.
      const haru = await slow.customer({ balance: 100_000 });
      const terminal = await slow.terminalOf('Kissa Warikan');
      const session = await openSession(terminal, slow.base, slow.clock.nowMs);
      const credential = await haru.show();
      const ids = Array.from({ length: 2_000 }, () => attemptIdSchema.parse(newId()));
      let shed = 0;
      const answers = await Promise.all(
        ids.map(async (id) => {
          const answer = await settle(slow, session, id, credential);
          if (answer.status === 503) shed += 1;
          // All that it does not carry was turned away while it carried the rest.
          if (shed === ids.length - 512) gate.resolve();
          return answer;
        }),
      );
      const inBooks = new Set(
        (await slow.ledger.readBooks()).settlements.map(({ settlementId }) => String(settlementId)),
      );
      const lost = answers.filter(({ status, id }) => status === 200 && !inBooks.has(id));
      const unsaid = answers.filter(({ status, id }) => status === 503 && inBooks.has(id));
      expect({
        shed: new Set(
          answers.filter(({ status }) => status === 503).map(({ code, retryAfter }) => `${code} ${retryAfter}`),
        ),
        statuses: new Set(answers.map(({ status }) => status)),
        carried: answers.filter(({ status }) => status === 200).length,
        lost,
        unsaid,
        isBounded: Math.max(...lists) <= 256,
        // The same ones again, once there is room.
        again: (await Promise.all(ids.slice(0, 100).map((id) => settle(slow, session, id, credential)))).map(
          ({ status }) => status,
        ),
        faults: (await slow.ledger.readBooks()).faults,
      }).toEqual({
        shed: new Set(['overloaded 1']),
        statuses: new Set([200, 503]),
        carried: answers.filter(({ status }) => status === 200).length,
        lost: [],
        unsaid: [],
        isBounded: true,
        again: Array.from({ length: 100 }, () => 200),
        faults: [],
      });
    },
  );

  test('takes no more bodies than it has memory for, and takes them again when there is room', async () => {
    const { base } = await open();
    const sockets = await Promise.all(Array.from({ length: 70 }, () => announce(base, 1_024 * 1_024)));
    const refused = sockets.filter(({ answer }) => answer.startsWith('HTTP/1.1 503'));
    const isToldWhen = refused.every(({ answer }) => answer.includes('retry-after: 1'));
    for (const { socket } of sockets) socket.destroy();
    await Promise.all(sockets.map(async ({ socket }) => socket.closed || once(socket, 'close')));
    expect({
      refused: refused.length,
      isToldWhen,
      after: (await announce(base, 1_024, true)).answer.split('\r\n')[0],
    }).toEqual({
      refused: 6,
      isToldWhen: true,
      after: 'HTTP/1.1 401 Unauthorized',
    });
  });
});

describe('whoever asks too often', () => {
  test('by one key is told to wait, the seconds that it takes, and nobody else', async () => {
    const strict = await open({
      rates: { perKey: { perSecond: 1, burst: 5 }, perAddress: { perSecond: 1_000, burst: 1_000 } },
    });
    const [terminal, neighbour] = [await strict.terminalOf('Kissa Warikan'), await strict.terminalOf('Next door')];
    const session = await openSession(terminal, strict.base, strict.clock.nowMs);
    // A session is its terminal's: it has no turns of its own.
    const asked = [];
    for (let turn = 0; turn < 5; turn++)
      asked.push(await (turn % 2 === 0 ? session : terminal).codeOf('getTerminal', {}));
    const other = await neighbour.codeOf('getTerminal', {});
    strict.clock.move(2_000);
    const later = [await terminal.codeOf('getTerminal', {}), await terminal.codeOf('getTerminal', {})];
    expect({ asked, other, later, last: await terminal.codeOf('getTerminal', {}) }).toEqual({
      // The opening of the session was the first of five.
      asked: ['ok', 'ok', 'ok', 'ok', 'too_many_requests'],
      other: 'ok',
      later: ['ok', 'ok'],
      last: 'too_many_requests',
    });
  });

  test('from one address is told to wait, whoever signs, and before anything is looked at', async () => {
    const strict = await open({
      rates: { perKey: { perSecond: 1, burst: 100 }, perAddress: { perSecond: 0.5, burst: 3 } },
    });
    const nobody = makeCaller({ base: strict.base, keyId: newId(), nowMs: strict.clock.nowMs });
    const asked = [];
    for (let turn = 0; turn < 3; turn++) asked.push(await nobody.codeOf('getTerminal', {}));
    const response = await fetch(`${strict.base}/v1/keys`);
    expect({
      asked,
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      code: problemSchema.parse(await response.json()).code,
    }).toEqual({
      asked: ['device_unknown', 'device_unknown', 'device_unknown'],
      status: 429,
      retryAfter: '2',
      code: 'too_many_requests',
    });
  });

  test('behind a trusted proxy is counted by the address that the proxy saw, and no other proxy is believed', async () => {
    const rates = { perKey: { perSecond: 1, burst: 100 }, perAddress: { perSecond: 1, burst: 1 } };
    const trusting = await open({ rates, trustedProxies: ['127.0.0.1'] });
    const from = (base: string, address: string): Promise<number> =>
      fetch(`${base}/v1/keys`, { headers: { 'x-forwarded-for': address } }).then(({ status }) => status);
    const trusted = [
      await from(trusting.base, '192.0.2.1'),
      await from(trusting.base, '192.0.2.1'),
      await from(trusting.base, '192.0.2.2'),
    ];
    await trusting.close();
    const careful = await open({ rates });
    const careless = [await from(careful.base, '192.0.2.1'), await from(careful.base, '192.0.2.2')];
    expect([trusted, careless]).toEqual([
      [200, 429, 200],
      [200, 429],
    ]);
  });

  test('is remembered, but not more of them than there is room for', () => {
    const rate = openRateLimit({ perSecond: 0.001, burst: 1 });
    const failures = openFailureCount(1, 60_000);
    for (let source = 0; source <= 10_000; source++) {
      rate.take(`a${source}`, 0);
      failures.add(`a${source}`, 0);
    }
    expect([
      rate.take('a10000', 0),
      rate.take('a0', 0),
      failures.isOver('a10000', 0),
      failures.isOver('a0', 0),
    ]).toEqual([1_000, undefined, true, false]);
  });

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('%s is counted as %s', (address, source) => {
    expect(sourceOf(address).replace(/^:/, '0:')).toBe(source);
  });
});

test('100,000 nonces are each good once, until their time is over', () => {
  const nonces = openNonceMemory(300);
  const nowMs = 1_795_402_800_000;
  const created = nowMs / 1_000;
  const use = (atMs: number, from: number): unknown[] => {
    const answers = new Set<unknown>();
    for (let nonce = 0; nonce < 100_000; nonce++) answers.add(nonces.use('key', `n${nonce}`, from, atMs));
    return Array.from(answers);
  };
  expect([
    use(nowMs, created),
    use(nowMs + 299_000, created),
    nonces.use('another', 'n1', created, nowMs),
    // A whole minute is forgotten once no clock may name it.
    use(nowMs + 361_000, created + 361),
  ]).toEqual([[true], [false], true, [true]]);
});

interface Answer {
  readonly id: string;
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly code: string | undefined;
}

async function settle({ base, clock }: OpenWallet, { key, keyId }: Caller, id: string, token: string): Promise<Answer> {
  const url = `${base}/v1/settlements/${id}`;
  const body = JSON.stringify({
    checkId: checkIdSchema.parse(id),
    amount: { amount: 10, currency: 'JPY' },
    token,
    capturedAt: new Date(clock.nowMs()).toISOString(),
    mode: 'online',
  });
  const signed = await signRequest({
    method: 'PUT',
    url,
    body,
    keyId,
    created: Math.floor(clock.nowMs() / 1_000),
    nonce: newId(),
    algorithm: 'hmac-sha256',
    sign: key.sign,
  });
  const headers = { ...signed, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sending = httpRequest(url, { agent, method: 'PUT', headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        const { code } = JSON.parse(text) as { code?: string };
        resolve({ id, status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], code });
      });
    });
    sending.on('error', reject).end(body);
  });
}

/** Says that so many bytes will come, and sends one of them, or all. Resolves with what is answered before they are there. */
async function announce(base: string, bytes: number, isWhole = false): Promise<{ socket: Socket; answer: string }> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  let answer = '';
  const isAnswered = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      resolve();
    });
  });
  socket.write(
    `POST /v1/settlements/batch HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n` +
      `content-length: ${bytes}\r\n\r\n${'x'.repeat(isWhole ? bytes : 1)}`,
  );
  // A second request on another connection, answered: by then the first was looked at.
  await fetch(`${base}/v1/keys`);
  if (isWhole) await isAnswered;
  return { socket, answer };
}
