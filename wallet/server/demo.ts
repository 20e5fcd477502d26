import type { FastifyInstance, FastifyRequest } from 'fastify';
import { storeIdSchema } from '#contract/ids.ts';
import { encodeCode, proofSigningInput, stepAt } from '#contract/token.ts';
import type { Clock } from './call.ts';
import type { Bookkeeper } from './group-commit.ts';
import { sendRefusal } from './http/answer.ts';
import { keyPairFromSeed, type ServerKeys } from './keys.ts';
import { ISSUER_ACCOUNT } from './ledger/ledger.ts';
import { issuePairingCode, PAIRING_LIFETIME_MS, parsePairingCode } from './pairing.ts';
import { Refusal } from './problem.ts';
import { DEFAULT_METHOD } from './settlement-methods.ts';
import type { PairingSubject, Phone, Registry } from './store/registry.ts';
import type { Issued, Tokens } from './token.ts';

/** A store and six customers to try everything with. Real rows in real books, under names that nobody mistakes. */
export interface Demo {
  /** A code that enrols one terminal in the demo store; the same one until it is used or half its life is over. */
  enrolmentCode(): Promise<string>;
  /**
   * `GET /demo/customers`, `POST /demo/customers/{id}/code` and `GET /demo/enrolment-code`, for callers on this machine
   * only.
   */
  serve(app: FastifyInstance): void;
}

export interface DemoOptions {
  readonly bookkeeper: Bookkeeper;
  readonly registry: Registry;
  readonly tokens: Tokens;
  readonly keys: ServerKeys;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly random: (bytes: number) => Uint8Array;
}

const STORE_NAME = 'Kissa Warikan';
const PHONE_NAME = 'Demo phone';
const CURRENCY = 'JPY';
const PER_PAYMENT_LIMIT = 50_000;
/** What the server's own phones show is made from one credential as long as that lasts at least another day. */
const RENEW_BELOW_MS = 24 * 3_600_000;
const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Fixed ids: a start that was cut short is finished by the next one, and nobody is paid twice. */
const customers = [
  { name: 'Haru Tanaka', balance: 12_000, offlineAllowance: 3_000 },
  { name: 'Mei Sato', balance: 8_400 },
  { name: 'Ren Suzuki', balance: 3_000 },
  { name: 'Aoi Watanabe', balance: 120 },
  { name: 'Sora Ito', balance: 25_000, offlineAllowance: 3_000 },
  { name: 'Yui Nakamura', balance: 5_600 },
].map((customer, index) => ({
  ...customer,
  walletId: `01900000-0000-7000-8000-00000000000${index + 1}`,
  reloadId: `01900000-0000-7000-8000-0000000000a${index + 1}`,
}));

export async function openDemo(options: DemoOptions): Promise<Demo> {
  const { bookkeeper, registry, tokens, keys, clock, newId, random } = options;
  const storeId = await registry.openStore({ storeId: storeIdSchema.parse(newId()), name: STORE_NAME });
  const known = new Set((await registry.listWallets()).map(({ walletId }) => walletId));
  for (const { walletId, reloadId, name, balance, offlineAllowance = 0 } of customers) {
    if (!known.has(walletId)) {
      const limits = { perPaymentLimit: PER_PAYMENT_LIMIT, offlineAllowance };
      await registry.openWallet({ walletId, name, currency: CURRENCY, ...limits });
    }
    const amount = { amount: balance, currency: CURRENCY };
    const from = { walletId, fromAccount: ISSUER_ACCOUNT };
    await bookkeeper.book({ type: 'reload', reloadId, ...from, amount, atMs: clock.nowMs() });
  }

  const codes = new Map<string, string>();
  const credentials = new Map<string, Issued>();
  let lastCounter = 0;

  // Approved beforehand: what runs beside the demo enrols by itself.
  const issue = (subject: PairingSubject): Promise<string> =>
    issuePairingCode(registry, { ...subject, isApproved: true }, clock.nowMs(), random);

  /** A code that is still good for a while: the last one if nobody used it, else a new one. */
  async function currentCode(name: string, subject: PairingSubject): Promise<string> {
    const last = codes.get(name);
    const locator = last === undefined ? undefined : parsePairingCode(last)?.locator;
    const isOpen = locator !== undefined && (await registry.isOpen(locator, clock.nowMs() + PAIRING_LIFETIME_MS / 2));
    const code = isOpen && last !== undefined ? last : await issue(subject);
    codes.set(name, code);
    return code;
  }

  /** The phone that the server plays for a customer: its key follows from the server's secret. */
  async function openPhone(walletId: string): Promise<{ phone: Phone; sign: (message: Uint8Array) => Uint8Array }> {
    const pair = keyPairFromSeed(keys.blind('demo phone', walletId));
    const alias = keys.blind('demo alias', walletId).toString('base64url').slice(0, 10);
    let phone = await registry.findPhoneByAlias(alias);
    if (phone === undefined) {
      const secret = parsePairingCode(await issue({ walletId }));
      const claim = { publicKey: pair.publicKey, nowMs: clock.nowMs(), phoneId: newId(), alias, name: PHONE_NAME };
      if (secret !== undefined) await registry.bindPhone({ ...secret, ...claim });
      phone = await registry.findPhoneByAlias(alias);
    }
    if (phone === undefined) throw new Error('the phone of a demo customer is bound');
    return { phone, sign: pair.sign };
  }

  /** No PIN is asked: it is the server that plays the phone, for callers on this machine. */
  async function credentialOf(phone: Phone, nowMs: number): Promise<Issued | Refusal> {
    const last = credentials.get(phone.phoneId);
    const leftMs = (last?.notAfterMs ?? 0) - nowMs;
    if (last !== undefined && leftMs > RENEW_BELOW_MS) return last;
    const issued = await tokens.issue(phone, DEFAULT_METHOD, nowMs);
    if (!(issued instanceof Refusal)) credentials.set(phone.phoneId, issued);
    return issued;
  }

  /** Milliseconds, or one more than last time: above every counter of an earlier start, which nobody wrote down. */
  function nextCounter(): number {
    lastCounter = Math.max(lastCounter + 1, clock.nowMs());
    return lastCounter;
  }

  return {
    enrolmentCode: () => currentCode(storeId, { storeId }),

    serve(app) {
      app.get('/demo/customers', async (request, reply) => {
        if (!isLocal(request)) return sendRefusal(reply, new Refusal('not_found'), clock);
        const wallets = await registry.listWallets();
        const list = [];
        for (const { walletId, name, balance, currency } of wallets) {
          if (!customers.some((customer) => customer.walletId === walletId)) continue;
          const phoneUrl = `/phone/#bind=${await currentCode(walletId, { walletId })}`;
          list.push({ customerId: walletId, name, balance: { amount: balance, currency }, phoneUrl });
        }
        return reply.header('cache-control', 'no-store').send(list);
      });

      app.get('/demo/enrolment-code', async (request, reply) => {
        if (!isLocal(request)) return sendRefusal(reply, new Refusal('not_found'), clock);
        const enrolmentCode = await currentCode(storeId, { storeId });
        return reply.header('cache-control', 'no-store').send({ enrolmentCode });
      });

      app.post<{ Params: { id: string } }>('/demo/customers/:id/code', async (request, reply) => {
        const customer = customers.find(({ walletId }) => walletId === request.params.id);
        if (!isLocal(request) || customer === undefined) return sendRefusal(reply, new Refusal('not_found'), clock);
        const { phone, sign } = await openPhone(customer.walletId);
        const nowMs = clock.nowMs();
        const issued = await credentialOf(phone, nowMs);
        if (issued instanceof Refusal) return sendRefusal(reply, issued, clock);
        const { credential } = issued;
        const [counter, step] = [nextCounter(), stepAt(nowMs)];
        const proof = sign(proofSigningInput(credential, counter, step));
        return reply
          .header('cache-control', 'no-store')
          .send({ code: encodeCode({ credential, counter, step, proof }) });
      });
    },
  };
}

/** On this machine, and not through a name that some page on the internet made point here. */
function isLocal(request: FastifyRequest): boolean {
  const { hostname } = new URL(`http://${request.headers.host ?? 'nobody'}`);
  return LOOPBACK.has(request.ip) && LOOPBACK_NAMES.has(hostname);
}
