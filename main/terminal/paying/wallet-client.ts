import { generateKeyPairSync } from 'node:crypto';
import { attemptIdSchema } from '#contract/ids.ts';
import type { WalletLink } from '#contract/terminal.ts';
import {
  type Answer,
  type RouteName,
  type RouteParams,
  type RouteRequest,
  parseAnswer,
  pathOf,
  walletRoutes,
} from '#contract/wallet.ts';
import { type Clock, timestamp } from '../clock.ts';
import type { Log } from '../log.ts';
import type { WalletPort, WalletReply } from './wallet-port.ts';
import { identitySchema, openWalletSigner, type WalletSigner } from './wallet-signer.ts';

/** Where keys are kept: files that only their owner can read, or the system's key store. */
export interface KeyStore {
  read(name: string): string | undefined;
  /** Durable when it returns. */
  write(name: string, value: string): void;
}

export interface WalletClient extends WalletPort {
  /** Registers this terminal at the wallet server, once, by a code from its administrator. */
  enrol(code: string): Promise<{ type: 'enrolled' } | { type: 'refused'; detail: string }>;
  isEnrolled(): boolean;
}

/** A request is given up after this; its outcome is then asked about, again and again. */
const requestTimeoutMs = 30_000;
/** How often the link is looked at while nobody pays. */
const heartbeatMs = 10_000;
/** And how often while it is down, or not known yet. */
const impatientHeartbeatMs = 1_000;
/** An answer is a few kilobytes; anything beyond this is not one. */
const answerBytesMax = 1_048_576;

/** Failures to connect: certainly not a byte of the request left. Met while reading, the same codes say nothing. */
const notSentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const connectingCalls = new Set(['connect', 'getaddrinfo']);
/** The server is there; its word is about one request, and the next one will carry the right time and a new nonce. */
const passingProblems = new Set(['clock_skew', 'request_replayed']);
/** The server no longer takes the session: the device key signs the same request once more. */
const sessionProblems = new Set(['session_expired', 'signature_invalid', 'device_unknown']);

/** The wallet server over HTTP, each request signed by this terminal (RFC 9421). */
export function openWalletClient(options: {
  /** Undefined while the server is not up yet. */
  baseUrl: () => string | undefined;
  keys: KeyStore;
  /** One identity for each wallet server that this terminal was ever enrolled at. */
  identityName: string;
  terminalName: string;
  fetch: typeof fetch;
  clock: Clock;
  newId: () => string;
  log: Log;
}): WalletClient {
  const { baseUrl, keys, identityName, terminalName, clock, newId, log } = options;
  const linkListeners: ((link: WalletLink) => void)[] = [];
  let signer = readSigner(keys, identityName);
  /** Enrolled, but an administrator has not yet compared the fingerprint. */
  let isWaiting = false;
  let link: WalletLink = { state: 'unknown', since: timestamp(clock) };
  /** How far the server's clock is ahead of ours: signatures carry the server's time. */
  let serverAheadMs = 0;
  let stopHeartbeat = (): void => undefined;
  const closing = new AbortController();

  const noteLink = (state: WalletLink['state'], detail?: string): void => {
    if (closing.signal.aborted) return;
    if (link.state === state && link.detail === detail) return;
    link = { state, since: timestamp(clock), ...(detail === undefined ? {} : { detail }) };
    for (const listener of linkListeners) listener(link);
  };

  const request = async <Name extends RouteName>(
    name: Name,
    params: RouteParams<Name>,
    body: RouteRequest<Name>,
    by: WalletSigner | undefined,
  ): Promise<Answer<Name> | Extract<WalletReply, { type: 'notSent' | 'noAnswer' }>> => {
    const base = baseUrl();
    if (base === undefined) {
      noteLink('unreachable', 'the wallet server is not running');
      return { type: 'notSent', detail: 'the wallet server is not running' };
    }
    const { method } = walletRoutes[name];
    const url = new URL(pathOf(name, params), base).href;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signed = await by?.headers(name, { method, url, body: text }, serverNowMs(), newId());
    const abort = new AbortController();
    const stopTimer = clock.after(requestTimeoutMs, () => {
      abort.abort();
    });
    try {
      const response = await options.fetch(url, {
        method,
        headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...signed?.values },
        ...(text === undefined ? {} : { body: text }),
        signal: AbortSignal.any([abort.signal, closing.signal]),
        redirect: 'error',
      });
      const answer = parseAnswer(name, response.status, await readJson(response));
      if (!answer) {
        noteLink('unreachable', `an answer that cannot be read (HTTP ${response.status})`);
        return { type: 'noAnswer', detail: `an answer that cannot be read (HTTP ${response.status})` };
      }
      noteServerTime(response.headers.get('date'));
      if (by && signed?.bySession === true && !answer.ok && sessionProblems.has(answer.problem.code)) {
        by.dropSession();
        return await request(name, params, body, by);
      }
      noteAnswer(answer, by);
      return answer;
    } catch (error) {
      const { code, isBeforeSending } = failureOf(error);
      noteLink('unreachable', code);
      return { type: isBeforeSending ? 'notSent' : 'noAnswer', detail: code };
    } finally {
      stopTimer();
    }
  };

  /** An unsigned question is answered to anybody: it does not say that this terminal is welcome again. */
  const noteAnswer = (answer: Answer<RouteName>, by: WalletSigner | undefined): void => {
    const problem = answer.ok ? undefined : answer.problem;
    const isRefused = problem !== undefined && (problem.status === 401 || problem.status === 403);
    const isSigned = by !== undefined;
    if (problem?.code === 'terminal_not_approved' && by) waitForApproval(by);
    else if (problem && isRefused && isSigned && !passingProblems.has(problem.code)) noteLink('refused', problem.code);
    else if (problem && problem.status >= 500) noteLink('unreachable', problem.code);
    else if (!isWaiting && (isSigned || link.state !== 'refused')) noteLink('online');
  };

  /** Both sides show the fingerprint; the heartbeat asks until the administrator has compared them. */
  const waitForApproval = ({ fingerprint }: WalletSigner): void => {
    isWaiting = true;
    noteLink('refused', `waits for approval: fingerprint ${fingerprint}`);
  };

  const serverNowMs = (): number => clock.now() + serverAheadMs;

  /** To the second: enough for a window of five minutes. */
  const noteServerTime = (date: string | null): void => {
    const serverMs = date === null ? Number.NaN : Date.parse(date);
    if (Number.isFinite(serverMs)) serverAheadMs = serverMs - clock.now();
  };

  const aboutSettlement = async <Name extends 'putSettlement' | 'getSettlement' | 'cancelSettlement'>(
    name: Name,
    attemptId: string,
    body: RouteRequest<Name>,
  ): Promise<WalletReply> => {
    if (!signer) return { type: 'notSent', detail: 'this terminal is not enrolled' };
    const params = { settlementId: attemptIdSchema.parse(attemptId) } as RouteParams<Name>;
    const answer = await request(name, params, body, signer);
    if ('type' in answer) return answer;
    if (!answer.ok) {
      log.warn({ attemptId, name, code: answer.problem.code }, 'the wallet server answered with a problem');
      return { type: 'problem', problem: answer.problem };
    }
    return { type: 'settlement', settlement: answer.value };
  };

  /** This one question is answered to a terminal that waits, too. */
  const askForApproval = async (by: WalletSigner): Promise<void> => {
    const answer = await request('getTerminal', {}, undefined, by);
    if ('type' in answer || !answer.ok) return;
    if (answer.value.state === 'awaiting_approval') return waitForApproval(by);
    isWaiting = false;
    noteLink('online');
  };

  /** Between sales, so that none waits for it: without a session the device key signs. */
  const openSession = async (by: WalletSigner): Promise<void> => {
    const answer = await request('openSession', {}, undefined, by);
    if (!('type' in answer) && answer.ok) by.keepSession(answer.value);
  };

  /** Finds out at once where the server is and what its clock says, then looks again now and then. */
  const beat = async (): Promise<void> => {
    if (isWaiting && signer) await askForApproval(signer);
    else await request('listKeys', {}, undefined, undefined);
    if (signer && link.state === 'online' && signer.needsSession(serverNowMs())) await openSession(signer);
    if (closing.signal.aborted) return;
    stopHeartbeat = clock.after(link.state === 'online' ? heartbeatMs : impatientHeartbeatMs, () => void beat());
  };
  void beat();

  return {
    settle: (attemptId, body) => aboutSettlement('putSettlement', attemptId, body),
    inquire: (attemptId) => aboutSettlement('getSettlement', attemptId, undefined),
    cancel: (attemptId) => aboutSettlement('cancelSettlement', attemptId, undefined),
    notReady: () => {
      if (!signer) return 'this terminal is not enrolled at a wallet server';
      return isWaiting ? 'this terminal waits for approval at the wallet server' : undefined;
    },
    isEnrolled: () => signer !== undefined,
    onLink(listener) {
      linkListeners.push(listener);
      listener(link);
    },
    async enrol(code) {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const rawPublicKey = publicKey.export({ format: 'jwk' }).x;
      const body = { enrolmentCode: code, publicKey: rawPublicKey ?? '', name: terminalName };
      const answer = await request('enrolTerminal', {}, body, undefined);
      if ('type' in answer) return { type: 'refused', detail: answer.detail };
      if (!answer.ok) return { type: 'refused', detail: answer.problem.detail ?? answer.problem.title };
      const { keyId, terminalId, storeId, storeName } = answer.value;
      const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
      const enrolled = identitySchema.parse({ keyId, terminalId, storeId, storeName, privateKey: pem });
      keys.write(identityName, JSON.stringify(enrolled));
      signer = openWalletSigner(enrolled);
      isWaiting = false;
      if (answer.value.state === 'awaiting_approval') waitForApproval(signer);
      return { type: 'enrolled' };
    },
    close() {
      closing.abort();
      stopHeartbeat();
    },
  };
}

function readSigner(keys: KeyStore, name: string): WalletSigner | undefined {
  const text = keys.read(name);
  return text === undefined ? undefined : openWalletSigner(identitySchema.parse(JSON.parse(text)));
}

/** The body as JSON; undefined where it is none, or too long to be an answer. */
async function readJson(response: Response): Promise<unknown> {
  if (!response.body) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early ends the connection: what is too long is not read to its end.
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The system's code for what went wrong, which fetch wraps in its `cause`, and whether it was before a byte left. */
function failureOf(error: unknown): { code: string; isBeforeSending: boolean } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    const failures = cause.errors.map(failureOf);
    const code = failures[0]?.code ?? 'unknown';
    return { code, isBeforeSending: failures.every(({ isBeforeSending }) => isBeforeSending) };
  }
  if (!(cause instanceof Error)) return { code: 'unknown', isBeforeSending: false };
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  const isConnecting = 'syscall' in cause && connectingCalls.has(String(cause.syscall));
  const isBeforeSending = notSentCodes.has(code) && (isConnecting || code === 'UND_ERR_CONNECT_TIMEOUT');
  return { code, isBeforeSending };
}
