import { lineSubtotal, lineTotal } from '#contract/check.ts';
import {
  type Money,
  type Ratio,
  exponentOf,
  isZero,
  money,
  negate,
  subtract,
  sum,
  toDecimalString,
} from '#contract/money.ts';
import type { Discount, LineItem } from '#contract/order.ts';
import type { ReceiptDocument, ReceiptElement } from '#contract/receipt.ts';
import type { Sale } from '#contract/sale.ts';
import type { TaxTotal } from '#contract/tax.ts';
import type { Tender } from '#contract/tender.ts';
import type { Store } from '#contract/terminal.ts';

/**
 * What stands on the paper for a sale, in the store's language.
 *
 * It carries what Japan's simplified qualified invoice asks for (Consumption Tax Act art. 57-4 (2)): the issuer and its
 * registration number, the date, what was sold with a mark on reduced rates, and for each rate the taxable amount and
 * the tax. The right-hand column adds up: lines and their discounts to the subtotal, and that, less the bill's
 * discount, plus taxes not included in prices, to the total.
 *
 * @param options.copyNumber 0 for the original; each reprint has the next number and says so
 */
export function receiptOf(sale: Sale, store: Store, options: { copyNumber: number }): ReceiptDocument {
  const { language } = store;
  const word = words[language];
  const copy = options.copyNumber > 0 ? [text(word.copy(options.copyNumber), 'centre', 'bold')] : [];
  return {
    language,
    title: `${word.receipt} ${sale.number}`,
    elements: [
      ...headerOf(store),
      ...copy,
      space,
      row(`${word.number} ${sale.number}`, timeOf(sale.closedAt, store)),
      row(word.staff, sale.staffName),
      rule,
      ...sale.lines.filter(({ isVoided }) => !isVoided).flatMap((line) => lineOf(line, store)),
      rule,
      ...totalsOf(sale, store),
      space,
      ...sale.tenders.flatMap((tender) => tenderOf(tender, store)),
      space,
      ...taxTableOf(sale.totals.taxes, store),
      ...(store.receiptFooter.length > 0 ? [space] : []),
      ...store.receiptFooter.map((line) => text(line, 'centre')),
      ...copy,
      { type: 'cut' },
    ],
  };
}

/** For people: `¥1,200`, `$4.50`. The digits are exact, however large the amount is. */
export function priceText(value: Money, language: Store['language']): string {
  const digits = exponentOf(value.currency);
  const format = new Intl.NumberFormat(language, {
    style: 'currency',
    currency: value.currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const decimal = toDecimalString(value) as Intl.StringNumericLiteral;
  return format
    .format(decimal)
    .replace('￥', '¥')
    .replace(/[\u00a0\u202f]/g, ' ');
}

/** `10%`, `8.25%`: as many decimals as it has, four at most. */
export function rateText({ numerator, denominator }: Ratio): string {
  const parts = (BigInt(numerator) * 1_000_000n) / BigInt(denominator);
  const whole = parts / 10_000n;
  const fraction = String(parts % 10_000n)
    .padStart(4, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${whole}%` : `${whole}.${fraction}%`;
}

function headerOf(store: Store): ReceiptElement[] {
  const word = words[store.language];
  return [
    text(store.name, 'centre', 'large'),
    ...store.address.map((line) => text(line, 'centre')),
    ...(store.taxNumber === undefined ? [] : [text(`${word.taxNumber} ${store.taxNumber}`, 'centre')]),
    space,
    text(word.receipt, 'centre', 'bold'),
  ];
}

function lineOf(line: LineItem, { language }: Store): ReceiptElement[] {
  const subtotal = lineSubtotal(line);
  const { currency } = subtotal;
  const mark = line.taxClass.mark === '' ? '' : ` ${line.taxClass.mark}`;
  return [
    row(`${line.name}${mark}`, priceText(subtotal, language)),
    ...line.modifiers.map(({ name, price }) =>
      row(price === 0 ? name : `${name} ${signed(money(price, currency), language)}`, '', { indent: 1 }),
    ),
    ...(line.quantity === 1
      ? []
      : [row(`${line.quantity} × ${priceText(lineSubtotal({ ...line, quantity: 1 }), language)}`, '', { indent: 1 })]),
    ...(line.discount ? [discountRow(line.discount, discountedBy(line), language, 1)] : []),
  ];
}

function totalsOf({ lines, totals, discount }: Sale, { language }: Store): ReceiptElement[] {
  const word = words[language];
  const { currency } = totals.total;
  const lineDiscounts = sum(lines.filter(({ isVoided }) => !isVoided).map(discountedBy), currency);
  const billDiscount = subtract(totals.discount, lineDiscounts);
  const addedTaxes = Map.groupBy(
    totals.taxes.filter(({ taxClass }) => !taxClass.isIncluded),
    ({ taxClass }) => rateText(taxClass.rate),
  );
  return [
    row(
      `${word.subtotal} ${word.items(totals.itemCount)}`,
      priceText(subtract(totals.subtotal, lineDiscounts), language),
    ),
    ...(discount ? [discountRow(discount, billDiscount, language, 0)] : []),
    ...[...addedTaxes].map(([rate, rows]) => {
      const taxes = rows.map(({ tax }) => tax);
      return row(word.addedTax(rate), priceText(sum(taxes, currency), language));
    }),
    row(word.total, priceText(totals.total, language), { emphasis: 'large' }),
  ];
}

/** Taxable amount and tax of each rate, whatever classes have it, and what the marks mean. */
function taxTableOf(taxes: readonly TaxTotal[], { language }: Store): ReceiptElement[] {
  const word = words[language];
  const rates = Map.groupBy(taxes, ({ taxClass }) => `${rateText(taxClass.rate)} ${taxClass.isIncluded}`);
  return [...rates.values()].flatMap((rows) => {
    const [first] = rows;
    if (!first) return [];
    const { rate, isIncluded } = first.taxClass;
    const { currency } = first.gross;
    const taxable = rows.map(({ net, gross }) => (isIncluded ? gross : net));
    const taxed = rows.map(({ tax }) => tax);
    const marked = new Map(rows.map(({ taxClass }) => [taxClass.mark, taxClass.name]));
    marked.delete('');
    const marks = [...marked.keys()].join('');
    return [
      row(`${marks}${word.taxable(rateText(rate), isIncluded)}`, priceText(sum(taxable, currency), language)),
      row(isIncluded ? word.taxInside : word.taxOnTop, priceText(sum(taxed, currency), language), { indent: 1 }),
      ...[...marked].map(([mark, name]) => row(word.markMeans(mark, name), '', { indent: 1 })),
    ];
  });
}

function tenderOf(tender: Tender, { language }: Store): ReceiptElement[] {
  const word = words[language];
  switch (tender.type) {
    case 'cash':
      return [
        ...(isZero(tender.rounding) ? [] : [row(word.rounding, signed(tender.rounding, language))]),
        row(word.cash, priceText(tender.tendered, language)),
        row(word.change, priceText(tender.change, language), { emphasis: 'bold' }),
      ];
    case 'wallet':
      return [
        row(
          `${word.wallet} (${methodText(tender.member.settlementMethod, language)})`,
          priceText(tender.amount, language),
        ),
        row(tender.member.maskedName, '', { indent: 1 }),
        row(`${word.reference} ${tender.reference}`, '', { indent: 1 }),
      ];
  }
}

/** By the wallet server's word for it, which may be one that this terminal does not know. */
function methodText(method: string, language: Store['language']): string {
  return methodNames[language][method] ?? method;
}

function discountRow(discount: Discount, amount: Money, language: Store['language'], indent: number): ReceiptElement {
  const rate = discount.type === 'rate' ? ` ${rateText(discount.rate)}` : '';
  return row(`${words[language].discount}${rate}: ${discount.reason}`, priceText(negate(amount), language), { indent });
}

/** What the line's own discount took off it. */
function discountedBy(line: LineItem): Money {
  const subtotal = lineSubtotal(line);
  return subtract(subtotal, lineTotal(line));
}

function signed(value: Money, language: Store['language']): string {
  return value.amount > 0 ? `+${priceText(value, language)}` : priceText(value, language);
}

/** In the store's time zone, without the words of a locale that change from one ICU to the next. */
function timeOf(instant: string, { timeZone, language }: Store): string {
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const parts = new Map(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  const [year, month, day] = [parts.get('year'), parts.get('month'), parts.get('day')];
  const time = `${parts.get('hour')}:${parts.get('minute')}`;
  return language === 'ja' ? `${year}年${month}月${day}日 ${time}` : `${year}-${month}-${day} ${time}`;
}

const words = {
  en: {
    receipt: 'Receipt',
    copy: (number: number) => `COPY ${number}`,
    number: 'No.',
    staff: 'Served by',
    taxNumber: 'Registration no.',
    subtotal: 'Subtotal',
    items: (count: number) => (count === 1 ? '(1 item)' : `(${count} items)`),
    discount: 'Discount',
    addedTax: (rate: string) => `Tax ${rate}`,
    total: 'Total',
    taxable: (rate: string, isIncluded: boolean) => `Taxed at ${rate}, ${isIncluded ? 'with' : 'without'} tax`,
    taxInside: 'Tax in it',
    taxOnTop: 'Tax',
    markMeans: (mark: string, name: string) => `${mark} means: ${name}`,
    rounding: 'Rounding',
    cash: 'Cash',
    change: 'Change',
    wallet: 'Wallet',
    reference: 'Ref.',
  },
  ja: {
    receipt: '領収書',
    copy: (number: number) => `再発行 ${number}`,
    number: 'No.',
    staff: '担当',
    taxNumber: '登録番号',
    subtotal: '小計',
    items: (count: number) => `(${count}点)`,
    discount: '値引',
    addedTax: (rate: string) => `消費税等 ${rate}`,
    total: '合計',
    taxable: (rate: string, isIncluded: boolean) => `${rate}対象 (${isIncluded ? '税込' : '税抜'})`,
    taxInside: '内消費税等',
    taxOnTop: '消費税等',
    markMeans: (mark: string, name: string) => `${mark}印は ${name} 対象`,
    rounding: '端数調整',
    cash: '現金お預り',
    change: 'お釣り',
    wallet: 'ウォレット',
    reference: '取引番号',
  },
} as const;

const methodNames: Record<Store['language'], Readonly<Record<string, string>>> = {
  en: { shown_code: 'shown code', contactless: 'contactless', store_code: 'shop’s code', linked: 'linked means' },
  ja: { shown_code: 'コード表示', contactless: 'タッチ決済', store_code: '店のコード', linked: '連携払い' },
};

const rule: ReceiptElement = { type: 'rule' };
const space: ReceiptElement = { type: 'space' };

type Emphasis = Extract<ReceiptElement, { type: 'row' }>['emphasis'];

function text(value: string, align: 'left' | 'centre' | 'right', emphasis: Emphasis = 'none'): ReceiptElement {
  return { type: 'text', text: value, align, emphasis };
}

function row(left: string, right: string, more: { emphasis?: Emphasis; indent?: number } = {}): ReceiptElement {
  return { type: 'row', left, right, emphasis: more.emphasis ?? 'none', indent: more.indent ?? 0 };
}
