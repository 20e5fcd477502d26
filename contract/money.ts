import assert from 'node:assert';
import { z } from 'zod';

/**
 * Money: a whole number of minor units and the currency that they are units of.
 *
 * No floating point comes near an amount. Products are formed in BigInt and rounded once, by a named mode.
 * Source of the exponents: ISO 4217, list one.
 */
export interface Money {
  /** Minor units (yen for JPY, cents for USD, fils for KWD). May be negative. A safe integer. */
  readonly amount: number;
  readonly currency: Currency;
}

/** An active ISO 4217 code, for example `JPY`. */
export type Currency = string;

/** A rate as a ratio of whole numbers: 10 % is `{ numerator: 10, denominator: 100 }`. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** How a fraction becomes a whole number. "half" modes name where the exact half goes. */
export const roundingModes = ['halfUp', 'halfEven', 'halfDown', 'up', 'down', 'floor', 'ceiling'] as const;
export type RoundingMode = (typeof roundingModes)[number];

export const currencySchema = z.string().refine(isCurrency, { error: 'not an active ISO 4217 currency code' });
export const amountSchema = z.int();
export const moneySchema = z.object({ amount: amountSchema, currency: currencySchema }).readonly();
export const ratioSchema = z.object({ numerator: z.int(), denominator: z.int().positive() }).readonly();
export const roundingModeSchema = z.enum(roundingModes);

export function money(amount: number, currency: Currency): Money {
  assert(Number.isSafeInteger(amount), `an amount is a whole number of minor units, not ${amount}`);
  assert(isCurrency(currency), `${currency} is an ISO 4217 currency`);
  return { amount: amount === 0 ? 0 : amount, currency };
}

export function zero(currency: Currency): Money {
  return money(0, currency);
}

export function add(...parts: readonly [Money, ...Money[]]): Money {
  const currency = sameCurrency(parts);
  const total = parts.reduce((sum, part) => sum + BigInt(part.amount), 0n);
  return money(Number(total), currency);
}

/** The sum of a list that may be empty. */
export function sum(parts: readonly Money[], currency: Currency): Money {
  return add(zero(currency), ...parts);
}

export function subtract(from: Money, part: Money): Money {
  return add(from, negate(part));
}

export function negate(value: Money): Money {
  return money(-value.amount, value.currency);
}

export function absolute(value: Money): Money {
  return value.amount < 0 ? negate(value) : value;
}

/** Negative, zero or positive, as a sort wants it. */
export function compare(left: Money, right: Money): number {
  sameCurrency([left, right]);
  return left.amount - right.amount;
}

export function equals(left: Money, right: Money): boolean {
  return left.currency === right.currency && left.amount === right.amount;
}

export function isZero(value: Money): boolean {
  return value.amount === 0;
}

/** `value × ratio`, rounded once. */
export function multiply(value: Money, ratio: Ratio, rounding: RoundingMode): Money {
  return money(
    divideRounded(BigInt(value.amount) * BigInt(ratio.numerator), BigInt(ratio.denominator), rounding),
    value.currency,
  );
}

/** `value × count` for a whole count: exact. */
export function times(value: Money, count: number): Money {
  assert(Number.isSafeInteger(count), 'a count is a whole number');
  return money(value.amount * count, value.currency);
}

/** The multiple of `increment` minor units that the rounding mode picks: cash rounding (5 for 0.05 CHF). */
export function roundToIncrement(value: Money, increment: number, rounding: RoundingMode): Money {
  assert(Number.isSafeInteger(increment) && increment > 0, 'an increment is a positive whole number of minor units');
  return money(divideRounded(BigInt(value.amount), BigInt(increment), rounding) * increment, value.currency);
}

/**
 * Splits an amount by weights so that the parts sum to it exactly.
 *
 * Each part is first `floor(|amount| × weight / Σ weights)`. What is left over goes to the payer's part where
 * `remainderTo` names one; else one unit each to the largest fractions, ties to the earliest. Weights that are
 * all zero mean an even split. A negative amount is split like its absolute value and negated.
 *
 * @param weights whole numbers >= 0, at least one of them present
 */
export function allocate(value: Money, weights: readonly number[], options: { remainderTo?: number } = {}): Money[] {
  assert(weights.length > 0, 'an amount is allocated to at least one part');
  assert(
    weights.every((weight) => Number.isSafeInteger(weight) && weight >= 0),
    'weights are whole numbers that are not negative',
  );
  const { remainderTo } = options;
  assert(
    remainderTo === undefined || (Number.isInteger(remainderTo) && remainderTo >= 0 && remainderTo < weights.length),
    'the remainder goes to one of the parts',
  );
  if (value.amount < 0) return allocate(negate(value), weights, options).map(negate);

  const isEven = weights.every((weight) => weight === 0);
  const shares = weights.map((weight) => (isEven ? 1n : BigInt(weight)));
  const whole = shares.reduce((total, share) => total + share, 0n);
  const amount = BigInt(value.amount);
  const parts = shares.map((share) => (amount * share) / whole);
  const remainder = amount - parts.reduce((total, part) => total + part, 0n);

  for (const index of remainderOrder(amount, shares, whole, remainderTo).slice(0, Number(remainder))) {
    parts[index] = partAt(parts, index) + 1n;
  }
  if (remainderTo !== undefined) {
    const given = parts.reduce((total, part) => total + part, 0n);
    parts[remainderTo] = partAt(parts, remainderTo) + amount - given;
  }
  return parts.map((part) => money(Number(part), value.currency));
}

/** Decimal places of a currency: 0 for JPY, 2 for USD, 3 for KWD. */
export function exponentOf(currency: Currency): number {
  assert(isCurrency(currency), `${currency} is an ISO 4217 currency`);
  return exponents.get(currency) ?? 2;
}

/** `1234.50` for USD 123450, `1200` for JPY 1200: for files and machines. Screens format with Intl. */
export function toDecimalString(value: Money): string {
  const exponent = exponentOf(value.currency);
  const digits = String(Math.abs(value.amount)).padStart(exponent + 1, '0');
  const sign = value.amount < 0 ? '-' : '';
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** Reads `1234.5` as an amount of the currency. Undefined for anything that is not exactly representable. */
export function parseDecimal(text: string, currency: Currency): Money | undefined {
  const match = /^([+-]?)(\d{1,15})(?:\.(\d{0,6}))?$/.exec(text.trim());
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  const exponent = exponentOf(currency);
  if (/[1-9]/.test(fraction.slice(exponent))) return undefined;
  const amount = Number(whole + fraction.slice(0, exponent).padEnd(exponent, '0'));
  return Number.isSafeInteger(amount) ? money(sign === '-' ? -amount : amount, currency) : undefined;
}

export function isCurrency(code: string): boolean {
  return exponents.has(code) || twoDecimalCurrencies.has(code);
}

/** An exact quotient of whole numbers, rounded by the named mode. The divisor is positive. */
export function divideRounded(dividend: bigint, divisor: bigint, rounding: RoundingMode): number {
  assert(divisor > 0n, 'the divisor is positive');
  const truncated = dividend / divisor;
  const rest = dividend % divisor;
  const away = dividend < 0n ? -1n : 1n;
  const result = rest !== 0n && roundsAway(truncated, rest, divisor, rounding) ? truncated + away : truncated;
  const number = Number(result);
  assert(Number.isSafeInteger(number), 'the result is a safe integer of minor units');
  return number;
}

function roundsAway(truncated: bigint, rest: bigint, divisor: bigint, rounding: RoundingMode): boolean {
  const isNegative = rest < 0n;
  const twice = (isNegative ? -rest : rest) * 2n;
  switch (rounding) {
    case 'up':
      return true;
    case 'down':
      return false;
    case 'floor':
      return isNegative;
    case 'ceiling':
      return !isNegative;
    case 'halfUp':
      return twice >= divisor;
    case 'halfDown':
      return twice > divisor;
    case 'halfEven':
      return twice > divisor || (twice === divisor && truncated % 2n !== 0n);
  }
}

/** Part indexes in the order in which they receive a left-over unit. Empty where the payer takes them all. */
function remainderOrder(amount: bigint, shares: bigint[], whole: bigint, remainderTo: number | undefined): number[] {
  if (remainderTo !== undefined) return [];
  const fractions = shares.map((share, index) => ({ index, fraction: (amount * share) % whole }));
  fractions.sort((a, b) => (a.fraction === b.fraction ? a.index - b.index : a.fraction > b.fraction ? -1 : 1));
  return fractions.map(({ index }) => index);
}

function partAt(parts: readonly bigint[], index: number): bigint {
  const part = parts[index];
  assert(part !== undefined, 'a part exists at each index');
  return part;
}

function sameCurrency(parts: readonly [Money, ...Money[]]): Currency {
  const [first] = parts;
  for (const part of parts) assert(part.currency === first.currency, 'amounts of one currency are compared and added');
  return first.currency;
}

/** Currencies whose exponent is not 2. */
const exponents = new Map<Currency, number>([
  ...[
    'BIF',
    'CLP',
    'DJF',
    'GNF',
    'ISK',
    'JPY',
    'KMF',
    'KRW',
    'PYG',
    'RWF',
    'UGX',
    'UYI',
    'VND',
    'VUV',
    'XAF',
    'XOF',
    'XPF',
  ].map((code): [Currency, number] => [code, 0]),
  ...['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((code): [Currency, number] => [code, 3]),
  ['CLF', 4],
  ['UYW', 4],
]);

const twoDecimalCurrencies = new Set<Currency>(
  (
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU ' +
    'CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD ' +
    'KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN ' +
    'NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB ' +
    'TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG'
  ).split(' '),
);
