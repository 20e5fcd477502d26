import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReceiptDocument, ReceiptElement } from '#contract/receipt.ts';
import { columnsMin, receiptSvg, receiptText, widthOf } from '#main/terminal/paying/receipt-render.ts';

const hostile = [
  '{image:iVBORw0KGgo=}',
  '{command:\\x1bp0}',
  '=',
  '---',
  '===',
  '|',
  'a | b',
  '~tilde~',
  '"bold"',
  '^^big^^',
  '_under_ `inverse`',
  'back\\slash\\n\\x41',
  '\\',
  '{w:1}',
  '<script>&amp;',
  '= \u0323', // a mark that would compose with the last digit of a \xNN escape
  '-\u0323',
  'a =\u0338 b', // one character, once composed
  '髙島屋 ｶﾌｪ 麵 😀 é',
];

describe('a receipt as text', () => {
  test.each(hostile)('prints the name %j as it is', (name) => {
    const [first] = linesOf([row(name, '¥1')], 60);
    expect(first).toMatch(/ {2,}¥1$/);
    expect(first?.slice(0, -2).trim()).toBe(name.normalize('NFC'));
  });

  test.each(hostile)('prints the heading %j as it is', (text) => {
    const lines = linesOf([{ type: 'text', text, align: 'centre', emphasis: 'none' }, { type: 'rule' }], 60);
    expect(lines.map((line) => line.trim())).toEqual([text.normalize('NFC'), '-'.repeat(60)]);
  });

  test('prints any name as it is and keeps to the width of the paper', () => {
    const symbol = fc.constantFrom(
      ...'{}|~"\\-=_^`;:,<>&*x410 '.split(''),
      'é',
      'e\u0301',
      'か\u3099',
      'コ',
      '茶',
      '😀',
      '※',
      '¥',
    );
    const name = fc
      .oneof(fc.string({ unit: symbol, maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 40 }))
      // What is not printed: controls and lone marks, which have no column of their own to stand in.
      .filter((text) => !/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029]|^\p{M}|[ \t]\p{M}/u.test(text));
    fc.assert(
      fc.property(name, fc.integer({ min: columnsMin, max: 60 }), fc.constantFrom(0, 1, 2), (text, columns, indent) => {
        const lines = linesOf([{ ...row(text, '¥1,200'), indent }, { type: 'rule' }], columns);
        const end = lines.indexOf('-'.repeat(columns));
        const printed = lines.slice(0, end);
        const left = printed.map((line) => line.replace(/ +¥1,200$/, '')).join('');
        expect(left.replace(/\s/g, '')).toBe(text.normalize('NFC').replace(/\s/g, ''));
        expect(printed.filter((line) => line.endsWith('¥1,200')).length).toBe(1);
        expect(printed.every((line) => columnsTaken(line) <= columns)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('puts amounts into one column, whatever is wide on the left', () => {
    expect(linesOf([row('Latte', '¥500'), row('抹茶ラテ', '¥60'), row('café', '¥7')], 20)).toEqual([
      'Latte           ¥500',
      '抹茶ラテ         ¥60',
      'café              ¥7',
    ]);
  });

  test('goes on below where the left is long, and gives a long right its own line', () => {
    expect(
      linesOf(
        [row('abcdefghijklmnop', '¥1'), row('left', 'x'.repeat(18)), { ...row('Total', '¥9'), emphasis: 'large' }],
        20,
      ),
    ).toEqual(['abcdefghijklmnop  ¥1', 'left', `  ${'x'.repeat(18)}`, 'Total             ¥9']);
    expect(linesOf([row('abcdefghijklmnopqrstuvw', '¥1')], 20)).toEqual(['abcdefghijklmnopq ¥1', 'rstuvw']);
  });

  test('ends a line between words where it can', () => {
    const name = 'Strawberry shortcake いちごのショートケーキ and \\ tea';
    expect(
      linesOf(
        [
          row(name, '¥620'),
          row('abc def ghijklmnopqrstuvwxyz', '¥1'),
          row('exactly fifteen', '¥620'),
          row('one more columns', '¥620'),
        ],
        20,
      ),
    ).toEqual([
      'Strawberry      ¥620',
      'shortcake',
      'いちごのショー',
      'トケーキ and \\',
      'tea',
      'abc def           ¥1',
      'ghijklmnopqrstuvw',
      'xyz',
      'exactly fifteen ¥620',
      'one more        ¥620',
      'columns',
    ]);
    expect(
      linesOf([{ type: 'text', text: 'twenty columns, full and more', align: 'left', emphasis: 'none' }], 20),
    ).toEqual(['twenty columns, full', 'and more']);
  });

  test('writes out what a code says', () => {
    expect(
      linesOf(
        [{ type: 'qr', text: 'https://w.example/{a}|b;c' }, { type: 'barcode', text: '01-7' }, { type: 'cut' }],
        30,
      ),
    ).toEqual(['   https://w.example/{a}|b;c', '             01-7']);
  });

  test('measures wide characters as two columns and combining marks as none', () => {
    expect(['abc', '\u0301', '茶', 'ﾁｬ', 'ガ', 'か\u3099', 'e\u0301', '¥', '※', '😀', '👩‍👩‍👧'].map(widthOf)).toEqual([
      3, 0, 2, 2, 2, 2, 1, 1, 2, 2, 2,
    ]);
  });
});

describe('a receipt as SVG', () => {
  test('holds the text as text, in one element that names itself', () => {
    const svg = receiptSvg(documentOf([row('A&B <i>', '¥1')], 'Receipt "1" & <2>'));
    expect(svg).toMatch(
      /^<svg role="img" aria-label="Receipt &#34;1&#34; &#38; &#60;2&#62;" width="528px" .* viewBox="-12 0 528 /,
    );
    expect(svg).toMatch(/<\/svg>$/);
    expect(svg.replaceAll('&#xa0;', ' ').replace(/<[^>]+>/g, '')).toBe('A&amp;B &lt;i&gt;¥1');
  });

  test('loads nothing, runs nothing, and is the same each time', () => {
    const elements: ReceiptElement[] = [
      ...hostile.map((name) => row(name, '¥1')),
      { type: 'qr', text: hostile.join('') },
      { type: 'cut' },
    ];
    const svg = receiptSvg(documentOf(elements));
    expect(svg).not.toMatch(/<script|<style|<image|<defs|url\(|href|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    expect(receiptSvg(documentOf(elements))).toBe(svg);
  });

  test('draws a QR code of exactly the text', () => {
    const path = (text: string) => /<path d="([^"]+)"/.exec(receiptSvg(documentOf([{ type: 'qr', text }])))?.[1];
    expect(path('a;b')).toBeDefined();
    expect(path('a;b')).not.toBe(path('a'));
    expect(path('{a|b}\\n')).not.toBe(path('{a|b}'));
  });

  test('contains nothing that XML forbids', () => {
    const svg = receiptSvg(documentOf([row('a\u0000b\u001bc\u0085d\ufffee\ud800f', 'g')], '\u0001\udc00'));
    // oxlint-disable-next-line no-control-regex -- exactly what XML forbids
    expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/);
    expect(svg.isWellFormed()).toBe(true);
  });
});

function linesOf(elements: ReceiptElement[], columns: number): string[] {
  return receiptText(documentOf(elements), columns).replace(/\n$/, '').split('\n');
}

function documentOf(elements: ReceiptElement[], title = 'Receipt'): ReceiptDocument {
  return { language: 'en', title, elements };
}

function row(left: string, right: string): Extract<ReceiptElement, { type: 'row' }> {
  return { type: 'row', left, right, emphasis: 'none', indent: 0 };
}

/** Counted another way than by the code under test: what a person sees as wide. */
function columnsTaken(line: string): number {
  const graphemes = Array.from(
    new Intl.Segmenter('ja', { granularity: 'grapheme' }).segment(line),
    ({ segment }) => segment,
  );
  return graphemes.reduce(
    (sum, each) =>
      sum + (/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}※]/u.test(each) && !/[\uff61-\uffdc]/.test(each) ? 2 : 1),
    0,
  );
}
