import receiptline from 'receiptline';
import type { ReceiptDocument, ReceiptElement } from '#contract/receipt.ts';

/**
 * A receipt as plain text and as SVG, through receiptline 4.
 *
 * receiptline reads a markdown of its own (OFSC ReceiptLine Specification): text from a catalogue or a customer is
 * escaped, so that it prints as it is and can neither cut the paper nor send a command. Widths are counted in columns
 * of a fixed-width font: a wide East Asian character takes two.
 */

/** Characters per line of 80 mm paper in the usual font. */
const columnsDefault = 42;

/** Narrower paper does not exist, and a name needs room. */
export const columnsMin = 16;

/** Lines of at most `columns` columns, each ending with a line feed. A name that is too long goes on in the next line. */
export function receiptText(document: ReceiptDocument, columns = columnsDefault): string {
  // Text has one size: a printer's large letters would come out with a space between each two.
  const elements = document.elements.map((element) =>
    'emphasis' in element && element.emphasis === 'large' ? { ...element, emphasis: 'bold' as const } : element,
  );
  const markdown = elements.map((element) => markdownOf(element, columns, textCodes)).join('\n');
  const text = receiptline.transform(markdown, {
    cpl: columns,
    encoding,
    command: { ...receiptline.commands.text, ...measures },
  });
  return text.replace(/[ ]+$/gm, '');
}

/** An image with a white-paper layout, black on nothing, with a margin of one column. Loads nothing from anywhere. */
export function receiptSvg(document: ReceiptDocument, columns = columnsDefault): string {
  const markdown = document.elements.map((element) => markdownOf(element, columns, drawnCodes)).join('\n');
  const svg = receiptline.transform(markdown, {
    cpl: columns,
    encoding,
    spacing: true,
    command: { ...receiptline.commands.svg, ...measures },
  });
  const width = columns * unitsPerColumn;
  return (
    svg
      // receiptline imports a font from the net, and names a filter for white on black by a random id.
      .replace(/<style[^>]*>.*?<\/style>/s, '')
      .replace(/<defs>.*?<\/defs>/s, '')
      .replace(/font-family="[^"]*"/, `font-family="${fonts}" lang="${document.language}"`)
      // A broad letter in the first column reaches beyond it.
      .replace(`width="${width}px"`, `width="${width + 2 * unitsPerColumn}px"`)
      .replace(`viewBox="0 0 ${width} `, `viewBox="${-unitsPerColumn} 0 ${width + 2 * unitsPerColumn} `)
      .replace('<svg ', `<svg role="img" aria-label="${attribute(document.title)}" `)
      .trimEnd()
  );
}

const unitsPerColumn = 12;

/** Columns that a text takes up. */
export function widthOf(text: string): number {
  return isPlain.test(text) ? text.length : graphemesOf(text).reduce((width, grapheme) => width + cellsOf(grapheme), 0);
}

/** No conversion table: text and SVG are Unicode. Widths are ours, not those of a code page. */
const encoding = 'cp437';

const fonts = "'BIZ UDGothic', 'MS Gothic', 'Osaka-Mono', 'Noto Sans Mono CJK JP', 'Noto Sans JP Variable', monospace";

const measures = {
  measureText: (text: string) => widthOf(text),
  arrayFrom: (text: string) => graphemesOf(text),
};

/** How a QR code or barcode is written: as a symbol, or as what it says. */
type Codes = (element: Extract<ReceiptElement, { type: 'qr' | 'barcode' }>) => string;

const drawnCodes: Codes = ({ type, text }) =>
  `{code:${literal(text).replaceAll(';', '\\;')};option:${type === 'qr' ? 'qrcode,5,m' : 'code128,2,72,hri'}}`;

const textCodes: Codes = ({ text }) => `{width:*}\n${centred(literal(text))}`;

function markdownOf(element: ReceiptElement, columns: number, codes: Codes): string {
  switch (element.type) {
    case 'text':
      return `{width:*}\n${aligned(element.align)(written(element.text, columns, element.emphasis))}`;
    case 'row':
      return rowOf(element, Math.max(columns, columnsMin));
    case 'rule':
      return '{width:*}\n-';
    case 'space':
      return '{width:*}\n';
    case 'qr':
    case 'barcode':
      return codes(element);
    case 'cut':
      return '=';
  }
}

/** Left and right on one line; the left goes on below where it is long, the right stands alone where that is. */
function rowOf({ left, right, emphasis, indent }: Extract<ReceiptElement, { type: 'row' }>, columns: number): string {
  const margin = Math.min(indent, indentMax) * 2;
  // Between two columns of receiptline there is one space.
  const before = margin === 0 ? '' : `${margin - 1},`;
  const indented = margin === 0 ? '|' : '| |';
  const rightWidth = widthOf(tidy(right)) * scaleOf(emphasis);
  const leftWidth = columns - margin - rightWidth - 1;
  if (rightWidth > 0 && leftWidth >= columnsMin / 2) {
    const cells = `${written(left, leftWidth, emphasis)} | ${written(right, rightWidth, emphasis)}`;
    return `{width:${before}*,${rightWidth}}\n${indented}${cells}|`;
  }
  const alone = `{width:${before}*}\n${indented}${written(left, columns - margin, emphasis)} |`;
  return rightWidth === 0 ? alone : `${alone}\n{width:*}\n| ${written(right, columns, emphasis)}|`;
}

const indentMax = 2;

function aligned(align: 'left' | 'centre' | 'right'): (markdown: string) => string {
  if (align === 'centre') return centred;
  return align === 'left' ? (markdown) => `|${markdown} |` : (markdown) => `| ${markdown}|`;
}

function centred(markdown: string): string {
  return `| ${markdown} |`;
}

/** Markdown of a text in a column of that width, with its lines ended between words. */
function written(text: string, width: number, emphasis: Emphasis): string {
  const room = Math.floor(width / scaleOf(emphasis));
  const lines = linesOf(tidy(text), room);
  // A line that fills its column ends by itself; to end it again would leave a blank one.
  const markdown = lines.map((line, index) =>
    index === lines.length - 1 || widthOf(line) >= room ? escaped(line) : `${escaped(line)}\\n`,
  );
  return emphasised(markdown.join(''), emphasis);
}

function linesOf(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) line = joined;
    else {
      if (line !== '') lines.push(line);
      line = '';
      for (const grapheme of graphemesOf(word)) {
        if (line !== '' && widthOf(line + grapheme) > width) {
          lines.push(line);
          line = '';
        }
        line += grapheme;
      }
    }
  }
  return [...lines, line];
}

type Emphasis = 'none' | 'bold' | 'large';

function scaleOf(emphasis: Emphasis): 1 | 2 {
  return emphasis === 'large' ? 2 : 1;
}

function emphasised(markdown: string, emphasis: Emphasis): string {
  if (emphasis === 'none' || markdown === '') return markdown;
  return emphasis === 'bold' ? `"${markdown}"` : `^^^"${markdown}"^^^`;
}

function literal(text: string): string {
  return escaped(tidy(text));
}

/**
 * Markdown that prints as the text. A backslash stands before each character that means something; it is not `\xNN`,
 * because receiptline composes characters (NFC) before it reads, and a combining mark would eat the last digit.
 */
function escaped(text: string): string {
  return text.replace(/[\\{|}\-=_"`^~]/g, '\\$&');
}

/** One line of characters that XML and a printer know. */
function tidy(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\u2028\u2029\ufffe\uffff]+/gu, ' ')
    .trim();
}

function graphemesOf(text: string): string[] {
  return isPlain.test(text) ? text.split('') : Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

const isPlain = /^[\x20-\x7e]*$/;

/** Unicode Standard Annex 11: wide and full-width characters, emoji, and symbols that Japanese fonts draw wide. */
function cellsOf(grapheme: string): 0 | 1 | 2 {
  if (/^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(grapheme)) return 0;
  return isWide.test(grapheme) ? 2 : 1;
}

const isWide =
  /[\u1100-\u115f\u203b\u2460-\u24ff\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

function attribute(text: string): string {
  return tidy(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
