import type { TaxClass } from '#contract/catalogue.ts';
import { type Money, type Ratio, exponentOf, toDecimalString } from '#contract/money.ts';

export type Language = 'en' | 'ja';

/** Amounts, numbers and times in words of a language. Formats are made once each: making one is slow. */
export interface Formats {
  readonly language: Language;
  money(value: Money): string;
  /** 10 % for 10/100. */
  rate(ratio: Ratio): string;
  number(value: number): string;
  /** `14:05`, in the store's time zone. */
  time(iso: string): string;
  /** `23 Nov, 14:05`, in the store's time zone. */
  dateTime(iso: string): string;
}

const currencyFormats = new Map<string, Intl.NumberFormat>();

export function formatsOf(language: Language, timeZone: string): Formats {
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB';
  const numbers = new Intl.NumberFormat(locale);
  const rates = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  const times = new Intl.DateTimeFormat(locale, { timeZone, hour: '2-digit', minute: '2-digit' });
  const dateTimes = new Intl.DateTimeFormat(locale, {
    timeZone,
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  return {
    language,
    money: (value) => currencyFormat(locale, value.currency).format(decimalOf(value)),
    rate: ({ numerator, denominator }) => rates.format(numerator / denominator),
    number: (value) => numbers.format(value),
    time: (iso) => times.format(new Date(iso)),
    dateTime: (iso) => dateTimes.format(new Date(iso)),
  };
}

/** A tax by name and rate; most names say the rate already. */
export function taxWords(formats: Formats, { name, rate }: Pick<TaxClass, 'name' | 'rate'>): string {
  const shownRate = formats.rate(rate);
  return name.includes(shownRate) ? name : `${name} ${shownRate}`;
}

function currencyFormat(locale: string, currency: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`;
  const made = currencyFormats.get(key);
  if (made) return made;
  const digits = exponentOf(currency);
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  currencyFormats.set(key, format);
  return format;
}

/** Intl formats a decimal string exactly; its type asks for a literal. */
function decimalOf(value: Money): Intl.StringNumericLiteral {
  return toDecimalString(value) as Intl.StringNumericLiteral;
}
