import { expect, test } from 'vitest';
import { money } from '#contract/money.ts';
import { formatsOf, taxWords } from '#renderer/format.ts';

const english = formatsOf('en', 'Asia/Tokyo');
const japanese = formatsOf('ja', 'Asia/Tokyo');

test('amounts have the decimals of their currency and lose nothing', () => {
  expect([
    english.money(money(1_234, 'JPY')),
    english.money(money(123_450, 'USD')),
    english.money(money(-1_234, 'KWD')),
    english.money(money(9_007_199_254_740_991, 'USD')),
  ]).toEqual(['¥1,234', '$1,234.50', '-KWD\u00a01.234', '$90,071,992,547,409.91']);
});

test('yen are written as Japan writes them', () => {
  expect(japanese.money(money(1_234, 'JPY'))).toBe('￥1,234');
});

test('times are those of the store, wherever the screen stands', () => {
  expect(english.time('2026-11-23T12:41:00.000Z')).toBe('21:41');
});

test('a tax says its rate once', () => {
  const rate = { numerator: 10, denominator: 100 };

  expect([
    taxWords(english, { name: 'VAT', rate }),
    taxWords(english, { name: 'Standard 10% 標準税率', rate }),
  ]).toEqual(['VAT 10%', 'Standard 10% 標準税率']);
});
