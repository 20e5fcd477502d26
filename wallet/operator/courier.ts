import { signRequest } from '#contract/signature.ts';
import type { WebhookSwitches } from './control.ts';
import type { DueEvent, Events } from './events.ts';
import type { OperatorKeys } from './keys.ts';

/** Takes webhooks to the wallet server, from the events that are not confirmed yet. */
export interface Courier {
  /** One round. Resolves to when the next one is due. */
  deliverDue(): Promise<number | undefined>;
}

export interface CourierOptions {
  readonly events: Events;
  readonly keys: OperatorKeys;
  /** Where webhooks are POSTed to. */
  readonly url: string;
  readonly switches: () => WebhookSwitches;
  readonly clock: { nowMs(): number };
  readonly random: (bytes: number) => Uint8Array;
  /** Ends what is on its way: it is told again after the next start. */
  readonly closing: AbortSignal;
}

const ROUND = 16;
const TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 60_000;
const NONCE_BYTES = 16;

export function openCourier(options: CourierOptions): Courier {
  const { events, keys, url, switches, clock, random, closing } = options;

  /** Whether the wallet server confirmed it. */
  async function send({ webhook }: DueEvent): Promise<boolean> {
    const body = JSON.stringify(webhook);
    const signed = await signRequest({
      method: 'POST',
      url,
      body,
      keyId: keys.publicKey,
      created: Math.floor(clock.nowMs() / 1_000),
      nonce: Buffer.from(random(NONCE_BYTES)).toString('base64url'),
      sign: keys.sign,
    });
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...signed, 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), closing]),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      // Not there, too slow, cut off: whether it was heard is not known, so it is told again.
      return false;
    }
  }

  async function deliver(event: DueEvent): Promise<void> {
    const isTwice = event.isShuffled || switches().duplicate;
    const heard = isTwice ? (await Promise.all([send(event), send(event)])).every(Boolean) : await send(event);
    const { sequence } = event.webhook;
    if (heard) events.confirm(sequence);
    else events.postpone(sequence, clock.nowMs() + Math.min(FIRST_RETRY_MS * 2 ** event.attempts, MAX_RETRY_MS));
  }

  return {
    async deliverDue() {
      const { paused, reorder } = switches();
      if (paused) return undefined;
      const due = events.listDue(clock.nowMs(), ROUND);
      if (reorder) for (const event of due.toReversed()) await deliver(event);
      else await Promise.all(due.map(deliver));
      return events.nextDueMs();
    },
  };
}
