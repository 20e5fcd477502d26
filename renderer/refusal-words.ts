import { lineItemsMax } from '#contract/order.ts';
import type { Refusal } from '#contract/terminal.ts';
import type { Translate } from './locale/words.ts';

/** A refusal in a sentence. */
export function refusalWords(t: Translate, refusal: Refusal): string {
  switch (refusal.reason) {
    case 'modifierUnknown':
    case 'walletNotReady':
    case 'importUnreadable':
    case 'storageFailed':
      return t(`refusal.${refusal.reason}`, { detail: refusal.detail });
    case 'checkFull':
      return t('refusal.checkFull', { max: lineItemsMax });
    default:
      return t(`refusal.${refusal.reason}`);
  }
}

/** `0:42`. */
export function clockWords(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
