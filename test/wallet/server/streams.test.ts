import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storeIdSchema, terminalIdSchema } from '#contract/ids.ts';
import { type Caller, newId, send, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';
import { type EventStream, openStreams } from '#wallet/server/stream.ts';

let wallet: OpenWallet;
let terminal: Caller;
let haru: TestPhone & { walletId: string };

beforeEach(async () => {
  wallet = await openWallet();
  terminal = await wallet.terminalOf('Kissa Warikan');
  haru = await wallet.customer();
});

afterEach(() => wallet.close());

/** Something happens to a wallet. */
async function happen(walletId: string, count = 1, detail: string | null = null): Promise<void> {
  const row = {
    type: 'settled' as const,
    wallet_id: walletId,
    store_id: null,
    check_id: null,
    ref_id: newId(),
    detail,
    at_ms: 0,
  };
  for (let done = 0; done < count; done++) await wallet.books.db.insertInto('outbox').values(row).execute();
}

describe('a stream', () => {
  test('is answered as an event stream that no proxy keeps', async () => {
    const abort = new AbortController();
    const response = await ask({ signal: abort.signal });
    const names = ['content-type', 'cache-control', 'x-accel-buffering', 'x-content-type-options'];
    expect(names.map((name) => response.headers.get(name))).toEqual([
      'text/event-stream; charset=utf-8',
      'no-store',
      'no',
      'nosniff',
    ]);
    abort.abort();
  });

  test('is resumed by the query as by the header, and not by what is no event’s id', async () => {
    await happen(haru.walletId, 3);
    const first = await haru.events('walletEvents', {}, '0');
    const { eventId } = await first.next();
    const abort = new AbortController();
    const byQuery = await ask({ query: { lastEventId: eventId }, signal: abort.signal });
    const { value } = await (byQuery.body ?? new ReadableStream<Uint8Array>()).getReader().read();
    expect({
      begins: Buffer.from(value ?? []).toString(),
      wrong: (await ask({ headers: { 'last-event-id': 'yesterday' } })).status,
    }).toMatchObject({ begins: expect.stringMatching(/^retry: \d+\n\n/) as string, wrong: 400 });
    abort.abort();
    first.close();
  });

  test('ends at once when its key is revoked in this process', async () => {
    const events = await terminal.events('storeEvents', { storeId: await wallet.storeIdOf('Kissa Warikan') });
    const admin = await wallet.admin();
    await admin.get('adminRevokeTerminal', { terminalId: terminalIdSchema.parse(terminal.keyId) });
    await expect(events.ended()).resolves.toBeUndefined();
  });

  test('ends soon when its key is revoked in the books by another process', async () => {
    const events = await haru.events('walletEvents', {});
    await wallet.registry.revoke(haru.keyId, wallet.clock.nowMs());
    await expect(events.ended()).resolves.toBeUndefined();
  });

  test('ends with the server, which does not wait for it', async () => {
    const other = await openWallet();
    const mei = await other.customer();
    const events = await mei.events('walletEvents', {});
    await other.close();
    await expect(events.ended()).resolves.toBeUndefined();
  });

  test('is the oldest to end when its caller opens a fifth', async () => {
    const streams = [];
    for (let count = 0; count < 5; count++) streams.push(await haru.events('walletEvents', {}));
    const mei = await wallet.customer();
    const others = await mei.events('walletEvents', {});
    await streams[0]?.ended();
    await happen(haru.walletId);
    await happen(mei.walletId);
    const heard = await Promise.all([...streams.slice(1), others].map(async (stream) => (await stream.next()).type));
    expect(heard).toEqual(Array.from({ length: 5 }, () => 'settled'));
    for (const stream of [...streams, others]) stream.close();
  });

  test('of a reader who does not read is cut after a quarter of a megabyte, and one who reads is not', async () => {
    const cut = await serveTo((response) => response.pause());
    const read = await serveTo((response) => response.resume());
    expect({
      cut: cut.isStopped,
      // What the system's own buffers took, and then what this process held for the reader.
      isBounded: cut.held <= 256 * 1_024 + EVENT_BYTES,
      read: read.isStopped,
    }).toEqual({ cut: true, isBounded: true, read: false });
  });

  test('of another shop’s is not there', async () => {
    const storeId = storeIdSchema.parse(newId());
    expect(await terminal.codeOf('storeEvents', { storeId })).toBe('not_found');
  });
});

function ask(
  options: { query?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  const { key, keyId } = haru;
  return send({
    base: wallet.base,
    key,
    keyId,
    nowMs: wallet.clock.nowMs(),
    name: 'walletEvents',
    params: {},
    ...options,
  });
}

const EVENT_BYTES = 60_000;

/** Sends 40 MB, each event once the last one was taken by the system or not at all, to a reader of one kind or the other. */
async function serveTo(
  read: (response: IncomingMessage) => void,
): Promise<{ readonly isStopped: boolean; readonly held: number }> {
  const streams = openStreams({ isWelcome: async () => true });
  const result = Promise.withResolvers<{ isStopped: boolean; held: number }>();
  const server = createServer((_request, response) => {
    let isStopped = false;
    let held = 0;
    const source: EventStream = {
      type: 'stream',
      open: (_afterId, event) => {
        void (async () => {
          for (let id = 1; id <= 700 && !isStopped; id++) {
            event({
              eventId: String(id),
              type: 'check',
              at: '2026-11-23T00:00:00Z',
              detail: { text: 'x'.repeat(EVENT_BYTES) },
            });
            held = Math.max(held, isStopped ? 0 : response.writableLength);
            // Lets the other side read, if it wants to.
            for (let turns = 0; turns < 2_000 && response.writableLength > 0; turns++) await setImmediate();
          }
          result.resolve({ isStopped, held });
        })();
        return () => (isStopped = true);
      },
    };
    streams.serve(source, response, { keyId: 'reader', afterId: undefined });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const reading = httpRequest({ host: '127.0.0.1', port }, read).on('error', () => {});
  reading.end();
  const found = await result.promise;
  reading.destroy();
  streams.close();
  server.closeAllConnections();
  server.close();
  return found;
}
