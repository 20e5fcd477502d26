import { isWalletCode, parseCode } from '#contract/token.ts';
import type { DeviceEvent, ScanEvent } from '#contract/devices.ts';
import type { ScanResult } from '#contract/terminal.ts';
import type { Log } from './log.ts';
import type { Paying } from './paying/pay.ts';
import type { People } from './people/staff.ts';
import { Refused } from './refused.ts';
import type { CatalogueBook } from './selling/catalogue.ts';
import type { Checks } from './selling/check.ts';

/**
 * What a scan means at the open prompt. A product prompt never takes a customer's code, and a wallet prompt never
 * takes a product. Whatever the screen is doing, and whatever has the focus, a scan is one committed change or a word
 * about why not.
 */
export function takeScan(
  event: ScanEvent,
  { people, checks, catalogue, paying }: { people: People; checks: Checks; catalogue: CatalogueBook; paying: Paying },
): ScanResult {
  try {
    people.mustBeSignedIn();
    const text = withoutNoise(event.text);
    if (isWalletCode(text)) return takeCustomersCode(text, event.isLossy, paying);
    return takeProductCode(text, event.text, checks, catalogue);
  } catch (error) {
    if (error instanceof Refused) return { type: 'refused', refusal: error.refusal };
    throw error;
  }
}

/** What a device has to report instead of a scan. */
export function takeFault(event: Extract<DeviceEvent, { type: 'fault' }>, log: Log): ScanResult {
  log.warn({ deviceId: event.deviceId, code: event.code }, 'a device reported a fault');
  return { type: 'fault', message: event.message };
}

function takeCustomersCode(text: string, isLossy: boolean, paying: Paying): ScanResult {
  if (paying.prompt().purpose !== 'wallet') return { type: 'walletNotArmed' };
  if (isLossy || !parseCode(text).ok) return { type: 'walletCodeUnreadable' };
  return { type: 'walletTaken', attemptId: paying.presentCode(text) };
}

function takeProductCode(text: string, whole: string, checks: Checks, catalogue: CatalogueBook): ScanResult {
  const product = catalogue.productByBarcode(text);
  const front = checks.front();
  if (front?.state === 'paying') return { type: 'refused', refusal: { reason: 'checkFrozen' } };
  if (!product) return { type: 'unknownBarcode', text: whole };
  const { line } = checks.addProduct({ product, quantity: 1 });
  return { type: 'added', lineId: line.lineId, name: line.name, quantity: line.quantity };
}

/** A plug that is pushed in leaves stray bytes on the line; no code begins or ends with a control or a foreign letter. */
function withoutNoise(text: string): string {
  return text.replace(/^[^\x21-\x7e]+|[^\x21-\x7e]+$/g, '');
}
