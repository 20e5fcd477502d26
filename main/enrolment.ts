import { z } from 'zod';
import type { Clock } from './terminal/clock.ts';
import type { Log } from './terminal/log.ts';
import type { WalletClient } from './terminal/paying/wallet-client.ts';
import type { WalletReply } from './terminal/paying/wallet-port.ts';
import type { EmbeddedWallet } from './embedded-wallet.ts';

const RETRY_MS = 10_000;
const ASK_TIMEOUT_MS = 5_000;
const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);
const codeSchema = z.object({ enrolmentCode: z.string().min(1).max(32) });

/**
 * Enrols the terminal at its wallet server, unless that server knows it: by the code that a person gave, by the code of
 * the embedded server, or by the code that a demo server on this machine hands out. Without any of them the till takes
 * cash and says that it is not enrolled.
 *
 * @returns how to stop trying
 */
export function enrolOnce(options: {
  readonly wallet: Pick<WalletClient, 'enrol' | 'isEnrolled' | 'inquire'>;
  readonly walletUrl: () => string | undefined;
  readonly embedded: Pick<EmbeddedWallet, 'enrolmentCode' | 'onReady'> | undefined;
  readonly code: string | undefined;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly log: Log;
}): () => void {
  const { wallet, walletUrl, embedded, clock, newId, log } = options;
  let isKnown = false;
  let isStopped = false;
  let isTrying = false;
  let takeBack = (): void => {};

  async function attempt(): Promise<void> {
    if (isStopped || isTrying || isKnown) return;
    isTrying = true;
    try {
      if (wallet.isEnrolled()) {
        const reply = await wallet.inquire(newId());
        if (reply.type === 'notSent' || reply.type === 'noAnswer') return;
        isKnown = !isForgotten(reply);
        if (isKnown) return;
      }
      const code = options.code ?? embedded?.enrolmentCode() ?? (await askForCode(walletUrl()));
      if (code === undefined) return;
      const answer = await wallet.enrol(code);
      isKnown = answer.type === 'enrolled';
      if (isKnown) log.info('enrolled at the wallet server');
      else log.warn({ answer }, 'the wallet server did not enrol this terminal');
    } finally {
      isTrying = false;
    }
  }

  /** The embedded server calls when it is up; another one may be down just now and is asked again. */
  async function keepTrying(): Promise<void> {
    await attempt();
    if (!isStopped && !isKnown) takeBack = clock.after(RETRY_MS, () => void keepTrying());
  }

  if (embedded === undefined) void keepTrying();
  else embedded.onReady(() => void attempt());
  return () => {
    isStopped = true;
    takeBack();
  };
}

/** The server's books were begun anew, or moved: it has never heard of this terminal's key. */
function isForgotten(reply: WalletReply): boolean {
  return reply.type === 'problem' && reply.problem.code === 'device_unknown';
}

/** Only a server on this machine is asked: what it answers decides whom this terminal's sales are told. */
async function askForCode(walletUrl: string | undefined): Promise<string | undefined> {
  if (walletUrl === undefined || !LOOPBACK_NAMES.has(new URL(walletUrl).hostname)) return undefined;
  try {
    const response = await fetch(`${walletUrl}/demo/enrolment-code`, {
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
      redirect: 'error',
    });
    return response.ok ? codeSchema.parse(await response.json()).enrolmentCode : undefined;
  } catch {
    return undefined;
  }
}
