import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { type RouterClient, os } from '@orpc/server';
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { isSecret, openSecret } from '#main/browser/secret.ts';
import { type BrowserHost, openBrowserHost } from '#main/browser/server.ts';
import { openKeys } from '#main/keys.ts';

const router = {
  echo: os.input(z.string()).handler(({ input }) => `you said ${input}`),
  count: os.handler(async function* () {
    yield 1;
    yield 2;
  }),
  flood: os.handler(async function* () {
    for (;;) {
      yield 'x'.repeat(4 * 1024 * 1024);
      await setImmediate();
    }
  }),
};

let folder: string;
let host: BrowserHost;
let secret: string;
let warned: Promise<string>;
let log: Logger;

beforeEach(async () => {
  warned = new Promise((resolve) => {
    log = pino({ level: 'warn' }, { write: (line) => resolve((JSON.parse(line) as { msg: string }).msg) });
  });
  folder = mkdtempSync(join(tmpdir(), 'warikan-browser-'));
  const page = join(folder, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<title>till</title>');
  writeFileSync(join(page, 'assets', 'app-1.js'), 'run()');
  writeFileSync(join(page, '.hidden.js'), 'private');
  writeFileSync(join(page, 'notes.txt'), 'not of the page');
  writeFileSync(join(folder, 'outside.html'), 'private');
  symlinkSync(join(folder, 'outside.html'), join(page, 'link.html'));
  secret = openSecret(openKeys(join(folder, 'keys')));
  host = await openBrowserHost({ router, pageFolder: page, port: 0, secret, log });
});

afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true });
});

interface Got {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** `fetch` would tidy the path and the Host header; a stranger would not. */
function get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: host.port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode, body, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

function dial(
  query: string,
  origin: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}${query}`, { headers, ...(origin ? { origin } : {}) });
    socket.on('open', () => {
      resolve('open');
      socket.close();
    });
    socket.on('error', (error) => resolve(error.message));
  });
}

function openClient(): { client: RouterClient<typeof router>; socket: WebSocket } {
  const origin = `http://127.0.0.1:${host.port}`;
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/terminal?key=${secret}`, { origin });
  // The two sockets differ only in the types of their events.
  const websocket = socket as unknown as ConstructorParameters<typeof RPCLink>[0]['websocket'];
  return { client: createORPCClient(new RPCLink({ websocket })), socket };
}

describe('the page', () => {
  test('is shown to who knows the secret, under a policy that allows nothing foreign', async () => {
    const { status, body, headers } = await get(`/?key=${secret}`);

    expect({
      status,
      body,
      type: headers['content-type'],
      cache: headers['cache-control'],
      policy: String(headers['content-security-policy']).split('; ').slice(0, 3),
      referrer: headers['referrer-policy'],
      sniffing: headers['x-content-type-options'],
      frames: headers['x-frame-options'],
    }).toEqual({
      status: 200,
      body: '<title>till</title>',
      type: 'text/html; charset=utf-8',
      cache: 'no-store',
      policy: ["default-src 'none'", "script-src 'self'", "style-src 'self'"],
      referrer: 'no-referrer',
      sniffing: 'nosniff',
      frames: 'DENY',
    });
  });

  test.each([
    ['no secret', '/'],
    ['an empty secret', '/?key='],
    ['a wrong secret', '/?key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['the page by its file name', '/index.html'],
  ])('is refused with %s, in words', async (_, path) => {
    const { status, body } = await get(path);

    expect({ status, says: body.includes('The key in the address is missing or wrong') }).toEqual({
      status: 401,
      says: true,
    });
  });

  test.each(['warikan.example', 'localhost', '127.0.0.1', '127.0.0.1:1', '[::1]:80'])(
    'is refused under the name %s',
    async (name) => {
      expect((await get(`/?key=${secret}`, { host: name })).status).toBe(403);
      expect((await get('/assets/app-1.js', { host: name })).status).toBe(403);
    },
  );

  test('is refused to a foreign page that knows the secret', async () => {
    expect((await get(`/?key=${secret}`, { origin: 'http://evil.example' })).status).toBe(403);
  });

  test('may be called localhost with its port', async () => {
    expect((await get(`/?key=${secret}`, { host: `localhost:${host.port}` })).status).toBe(200);
  });

  test('is only read', async () => {
    expect((await get(`/?key=${secret}`, {}, 'POST')).status).toBe(405);
  });
});

describe('files of the page', () => {
  test('are sent with their type and may be kept', async () => {
    const { status, body, headers } = await get('/assets/app-1.js');

    expect([status, body, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'run()',
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ]);
  });

  test.each([
    '/../outside.html',
    '/assets/../../outside.html',
    '/%2e%2e/outside.html',
    '/..%2foutside.html',
    '/assets/..\\..\\outside.html',
    '//outside.html',
    '/link.html',
    '/notes.txt',
    '/assets',
    '/assets/none.js',
    '/assets/app-1.js%00.html',
    '/.hidden.js',
  ])('%s is none of them', async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe('the socket', () => {
  const own = () => `http://127.0.0.1:${host.port}`;

  test('carries procedures and a stream', async () => {
    const { client, socket } = openClient();
    const counted: number[] = [];
    for await (const number of await client.count()) counted.push(number);

    expect([await client.echo('hai'), counted]).toEqual(['you said hai', [1, 2]]);
    socket.close();
  });

  test('opens for our own page only', async () => {
    expect({
      ours: await dial(`/terminal?key=${secret}`, own()),
      noSecret: await dial('/terminal', own()),
      wrongSecret: await dial('/terminal?key=guess', own()),
      foreignPage: await dial(`/terminal?key=${secret}`, 'http://evil.example'),
      noPage: await dial(`/terminal?key=${secret}`, undefined),
      otherPort: await dial(`/terminal?key=${secret}`, 'http://127.0.0.1:1'),
      foreignName: await dial(`/terminal?key=${secret}`, 'http://evil.example', { host: 'evil.example' }),
      otherPath: await dial(`/elsewhere?key=${secret}`, own()),
    }).toEqual({
      ours: 'open',
      noSecret: 'Unexpected server response: 401',
      wrongSecret: 'Unexpected server response: 401',
      foreignPage: 'Unexpected server response: 403',
      noPage: 'Unexpected server response: 403',
      otherPort: 'Unexpected server response: 403',
      foreignName: 'Unexpected server response: 403',
      otherPath: 'Unexpected server response: 404',
    });
  });

  test('lets a page go that does not read, and serves the next one', async () => {
    const { client, socket } = openClient();
    await client.flood();
    socket.pause();

    const warning = await warned;
    const next = openClient();

    expect([warning, await next.client.echo('still there')]).toEqual([
      'a page reads too slowly and was let go',
      'you said still there',
    ]);
    socket.terminate();
    next.socket.close();
  });

  test('is closed with the terminal', async () => {
    const { client, socket } = openClient();
    await client.echo('hai');
    const code = new Promise((resolve) => socket.once('close', resolve));

    await host.close();

    expect(await code).toBe(1001);
    host = await openBrowserHost({ router, pageFolder: join(folder, 'page'), port: 0, secret, log });
  });
});

test('two hosts cannot share a port', async () => {
  await expect(
    openBrowserHost({ router, pageFolder: join(folder, 'page'), port: host.port, secret, log }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

describe('the secret', () => {
  test('stays the same from start to start, in a file of its owner alone', () => {
    const path = join(folder, 'keys', 'page-secret');

    expect([
      openSecret(openKeys(join(folder, 'keys'))),
      readFileSync(path, 'utf8'),
      statSync(path).mode & 0o777,
    ]).toEqual([secret, secret, 0o600]);
  });

  test('is made anew where its file holds none', () => {
    writeFileSync(join(folder, 'keys', 'page-secret'), '');
    const made = openSecret(openKeys(join(folder, 'keys')));

    expect({ length: made.length, isOld: made === secret }).toEqual({ length: 43, isOld: false });
  });

  test('is compared whole', () => {
    expect([secret, secret.slice(0, -1), `${secret}A`, '', null].map((guess) => isSecret(guess, secret))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
