import type { RouteResponse } from '#contract/wallet.ts';
import type { AdminClient, Reply } from './client.ts';
import { type Child, element } from './dom.ts';
import { refusalWords, type Words } from './words.ts';

export type Overview = RouteResponse<'adminOverview'>;

/** What a section of the page is drawn from. */
export interface Shown {
  readonly words: Words;
  readonly client: AdminClient;
  readonly overview: Overview;
  /** Something was changed: what is shown is read anew. */
  readonly refresh: () => void;
  /** Makes a UUIDv7. */
  readonly newId: () => string;
}

/** The value, or the refusal in words. */
export function said<Name extends Parameters<AdminClient['call']>[0]>(
  words: Words,
  reply: Reply<Name>,
): Extract<Reply<Name>, { ok: true }>['value'] | { readonly refusal: string } {
  return reply.ok ? reply.value : { refusal: refusalWords(words, reply.code) };
}

export function twoLines(first: string | Node, second: string): HTMLElement {
  return element('span', { className: 'two-lines' }, first, element('small', { textContent: second }));
}

export function checks(legend: string, choices: readonly (readonly [HTMLInputElement, string])[]): HTMLElement {
  return element(
    'fieldset',
    {},
    element('legend', { textContent: legend }),
    ...choices.map(([input, text]) => element('label', { className: 'check' }, input, text)),
  );
}

export function toolbar(...children: readonly Child[]): HTMLElement {
  return element('div', { className: 'toolbar' }, ...children);
}

export function empty(text: string): HTMLElement {
  return element('p', { className: 'empty', textContent: text });
}

export function timeOf(instant: string): string {
  const language = document.documentElement.lang;
  return new Date(instant).toLocaleString(language, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

export function moneyOf(amount: number, currency: string): string {
  const format = new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 0));
}
