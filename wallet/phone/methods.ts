import type { RouteResponse, SettlementMethodId } from '#contract/wallet.ts';
import type { IconName } from './parts/icon.tsx';
import type { Words } from './words/words.ts';

/** What settlement methods are called, and what stands beside them. */

type View = RouteResponse<'getWallet'>;
type Kind = keyof Words['methods'];

export function kindOf(method: SettlementMethodId): Kind {
  switch (method) {
    case 'shown_code':
    case 'contactless':
    case 'store_code':
      return method;
    default:
      return 'linked';
  }
}

/** A linked one goes by the payment means that it draws on. */
export function methodName(t: Words, view: View | undefined, method: SettlementMethodId): string {
  return linkedName(view, method) ?? t.methods[kindOf(method)];
}

/** Of a linked method: the payment means, whose name stands where else the balance does. */
export function linkedName(view: View | undefined, method: SettlementMethodId): string | undefined {
  return unbroken(view?.settlementMethods.find((known) => known.method === method)?.linkedTo?.displayName);
}

/** The dots of `Kumo Card •••• 4242` stay with their digits where a line is broken. */
export function unbroken<Name extends string | undefined>(displayName: Name): Name {
  return displayName?.replaceAll('• ', '•\u00a0') as Name;
}

/** By the words of the contract that a shop accepts, which may be ones that this phone does not know. */
export function acceptedName(t: Words, method: string): string {
  return isKind(method) ? t.methods[method] : method.startsWith('linked') ? t.methods.linked : method;
}

export const methodIcons: Readonly<Record<Kind, IconName>> = {
  shown_code: 'code',
  contactless: 'contactless',
  store_code: 'shop',
  linked: 'link',
};

function isKind(method: string): method is Kind {
  return Object.hasOwn(methodIcons, method);
}
