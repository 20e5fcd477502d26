import { exponentOf, type Money, toDecimalString } from '#contract/money.ts';

export type Language = 'en' | 'ja';

/** Amounts and times in a language, in this phone's time zone. Formats are made once each: making one is slow. */
export interface Formats {
  money(value: Money): string;
  /** With its sign: `+¥600`, `−¥1,200`. */
  signed(value: Money): string;
  /** `14:05` */
  time(at: Date): string;
  /** `23 Nov, 14:05` */
  dateTime(at: Date): string;
  /** `Monday 23 November` */
  day(at: Date): string;
  /** `×1.5`, from thousandths. */
  quantity(thousandths: number): string;
}

const MINUS = '−';

export function formatsOf(language: Language): Formats {
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB';
  const times = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const days = new Intl.DateTimeFormat(locale, { weekday: 'long', month: 'long', day: 'numeric' });
  const quantities = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  const dateTimes = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  const currencies = new Map<string, Intl.NumberFormat>();
  const currency = (code: string): Intl.NumberFormat => {
    const made = currencies.get(code);
    if (made !== undefined) return made;
    const digits = exponentOf(code);
    const format = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency: code,
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    currencies.set(code, format);
    return format;
  };
  // A decimal string is formatted exactly; a number would be a float. The wide yen sign brings a hole of its own.
  const absolute = ({ amount, currency: code }: Money): string =>
    currency(code)
      .format(toDecimalString({ amount: Math.abs(amount), currency: code }) as Intl.StringNumericLiteral)
      .replace('￥', '¥');
  return {
    money: (value) => (value.amount < 0 ? MINUS : '') + absolute(value),
    signed: (value) => (value.amount < 0 ? MINUS : value.amount > 0 ? '+' : '') + absolute(value),
    time: (at) => times.format(at),
    dateTime: (at) => dateTimes.format(at),
    day: (at) => days.format(at),
    quantity: (thousandths) => `×${quantities.format(thousandths / 1_000)}`,
  };
}
