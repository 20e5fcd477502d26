import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import { signRequest } from '#contract/signature.ts';
import { openRandom, type Random } from '#test/support/random.ts';
import { type Caller, newId, openSession, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

/** A signed request as it goes on the wire. */
interface Wire {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MUTATIONS = Number(process.env['WARIKAN_MUTATIONS'] ?? 10_000);
const AT_ONCE = 16;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

let wallet: OpenWallet;
let phone: TestPhone;

beforeAll(async () => {
  wallet = await openWallet();
  phone = await wallet.customer({ balance: 100_000 });
});

afterAll(async () => {
  agent.destroy();
  await wallet.close();
});

test(
  'S12: of 10,000 signed requests with one thing changed, over HTTP, none is accepted',
  { timeout: 180_000 },
  async () => {
    const terminal = await wallet.terminalOf('Kissa Warikan');
    const session = await openSession(terminal, wallet.base, wallet.clock.nowMs);
    const requests = [await settlement(terminal), await settlement(session), await cancel(terminal), await pin()];
    const random = openRandom(12);
    const answers = new Map<string, number>();
    const accepted: Wire[] = [];
    let left = MUTATIONS;

    async function work(): Promise<void> {
      while (left > 0) {
        left -= 1;
        const original = requests[random.between(0, requests.length - 1)];
        if (original === undefined) throw new Error('there is one');
        const mutated = mutate(original, random);
        if (JSON.stringify(mutated) === JSON.stringify(original)) {
          left += 1;
          continue;
        }
        const { status, code } = await send(mutated);
        answers.set(code, (answers.get(code) ?? 0) + 1);
        if (status < 400) accepted.push(mutated);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));

    const booked = (await wallet.ledger.readBooks()).settlements.length;
    // Nobody had sent the originals: they are as good as ever, so it was the changes that were refused.
    const originals = [];
    for (const original of requests) originals.push((await send(original)).status);
    expect({ accepted, booked, originals, sorts: answers.size > 3, sent: sum(answers) }).toEqual({
      accepted: [],
      booked: 0,
      originals: [200, 200, 200, 200],
      sorts: true,
      sent: MUTATIONS,
    });
  },
);

/** One thing that a signature vouches for is another. */
function mutate(wire: Wire, random: Random): Wire {
  const headers = { ...wire.headers };
  const names = Object.keys(headers).filter((name) => name !== 'content-type');
  switch (random.between(0, 7)) {
    case 0:
      return { ...wire, method: ['GET', 'POST', 'PUT', 'DELETE'][random.between(0, 3)] ?? 'GET' };
    case 1:
      return { ...wire, path: changed(wire.path, random, 1) };
    case 2:
      return { ...wire, path: `${wire.path}?${['', 'a', 'a=b', 'lastEventId=1'][random.between(0, 3)] ?? ''}` };
    case 3:
      return { ...wire, body: changed(wire.body === '' ? ' ' : wire.body, random, 0) };
    case 4: {
      const name = names[random.between(0, names.length - 1)] ?? '';
      delete headers[name];
      return { ...wire, headers };
    }
    case 5:
      headers['idempotency-key'] = `"${newId()}"`;
      return { ...wire, headers };
    case 6: {
      // A number or a name of the parameters: what is most worth changing.
      const input = headers['signature-input'] ?? '';
      const created = /created=(\d+)/.exec(input)?.[1] ?? '';
      const other = [
        input.replace(created, String(Number(created) + 1 + random.between(0, 249))),
        input.replace(/nonce="[^"]*"/, `nonce="${newId()}"`),
        input.replace(/keyid="[^"]*"/, `keyid="${newId()}"`),
        input.replace(/alg="[^"]*"/, 'alg="hmac-sha512"'),
        input.replace(/ "content-digest"/, ''),
        input.replace('"@target-uri"', '"@path"'),
        input.replace('sig1=', 'sig2='),
        `${input}, sig2=("@method");created=1`,
      ][random.between(0, 7)];
      headers['signature-input'] = other ?? '';
      return { ...wire, headers };
    }
    default: {
      const name = names[random.between(0, names.length - 1)] ?? '';
      headers[name] = changed(headers[name] ?? '', random, 0);
      return { ...wire, headers };
    }
  }
}

/** One character more, less or another, from a place on. */
function changed(text: string, random: Random, from: number): string {
  const at = from + random.between(0, Math.max(0, text.length - from - 1));
  const character = String.fromCharCode(33 + random.between(0, 93));
  const replaced = text.slice(0, at) + character + text.slice(at + 1);
  const shorter = text.slice(0, at) + text.slice(at + 1);
  return (
    [replaced, replaced, replaced, shorter, text.slice(0, at) + character + text.slice(at)][random.between(0, 4)] ?? ''
  );
}

async function settlement(caller: Caller): Promise<Wire> {
  const body = {
    checkId: checkIdSchema.parse(newId()),
    amount: { amount: 100, currency: 'JPY' },
    token: await phone.show(),
    capturedAt: new Date(wallet.clock.nowMs()).toISOString(),
    mode: 'online',
  };
  return signed(caller, 'PUT', `/v1/settlements/${attemptIdSchema.parse(newId())}`, JSON.stringify(body));
}

function cancel(caller: Caller): Promise<Wire> {
  return signed(caller, 'POST', `/v1/settlements/${newId()}/cancel`, '');
}

function pin(): Promise<Wire> {
  return signed(phone, 'PUT', '/v1/wallet/settlement-method', '{"method":"contactless"}');
}

async function signed({ key, keyId }: Caller, method: string, path: string, body: string): Promise<Wire> {
  const headers = await signRequest({
    method,
    url: wallet.base + path,
    body,
    keyId,
    created: Math.floor(wallet.clock.nowMs() / 1_000),
    nonce: newId(),
    ...('algorithm' in key && key.algorithm === 'hmac-sha256' ? { algorithm: 'hmac-sha256' as const } : {}),
    sign: key.sign,
  });
  return { method, path, headers: { ...headers, 'content-type': 'application/json' }, body };
}

function send({ method, path, headers, body }: Wire): Promise<{ status: number; code: string }> {
  return new Promise((resolve, reject) => {
    const length = method === 'GET' && body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sending = httpRequest(
      wallet.base,
      { agent, method, path, headers: { ...headers, ...length } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const { code = 'ok' } = JSON.parse(text) as { code?: string };
          resolve({ status: response.statusCode ?? 0, code });
        });
      },
    );
    sending.on('error', reject);
    sending.end(body);
  });
}

function sum(counts: ReadonlyMap<string, number>): number {
  return Array.from(counts.values()).reduce((total, count) => total + count, 0);
}
