/**
 * Comma-separated values, after RFC 4180 §2, as spreadsheets really write them: any one separator, CRLF, LF or CR,
 * quoted cells with line ends and doubled quotes in them, a quotation mark inside an unquoted cell taken as it is.
 *
 * A record that cannot be read ends with its first line, so that a forgotten quotation mark costs one row and not the
 * rest of the file.
 */
export type CsvRecord = { readonly cells: readonly string[] } | { readonly problem: string };

/** Longer cells are refused: an image is 64 KiB. */
export const cellMax = 100_000;

const cellsMax = 256;

/** The records of a text without byte order mark, blank lines included. A line end at the very end starts no record. */
export function* readRecords(content: string, separator: string): Generator<CsvRecord, void> {
  let at = 0;
  while (at < content.length) {
    const { record, end } = readRecord(content, separator, at);
    yield record;
    at = end;
  }
}

/** @returns the record and where the next one starts */
function readRecord(content: string, separator: string, start: number): { record: CsvRecord; end: number } {
  const cells: string[] = [];
  let at = start;
  while (true) {
    const cell = content.startsWith('"', at) ? quotedCell(content, at) : plainCell(content, separator, at);
    if ('problem' in cell) return { record: cell, end: afterLine(content, start) };
    cells.push(cell.text);
    if (cells.length > cellsMax) {
      return { record: { problem: `This row has more than ${cellsMax} cells.` }, end: afterLine(content, start) };
    }
    at = cell.end;
    if (at === content.length || isLineEnd(content, at)) return { record: { cells }, end: afterLineEnd(content, at) };
    if (!content.startsWith(separator, at)) {
      const problem =
        'Text follows a closing quotation mark: double each quotation mark that is part of a quoted cell.';
      return { record: { problem }, end: afterLine(content, start) };
    }
    at += separator.length;
  }
}

type Cell = { readonly text: string; readonly end: number } | { readonly problem: string };

function quotedCell(content: string, start: number): Cell {
  let hasDoubled = false;
  let quote = content.indexOf('"', start + 1);
  while (quote >= 0 && quote - start <= cellMax) {
    if (content[quote + 1] !== '"') {
      const text = content.slice(start + 1, quote);
      return { text: hasDoubled ? text.replaceAll('""', '"') : text, end: quote + 1 };
    }
    hasDoubled = true;
    quote = content.indexOf('"', quote + 2);
  }
  return { problem: 'A quotation mark opens a cell here and none closes it: remove it, or put one behind the cell.' };
}

function plainCell(content: string, separator: string, start: number): Cell {
  let end = start;
  while (end < content.length && !isLineEnd(content, end) && content[end] !== separator) end++;
  if (end - start > cellMax) return { problem: `A cell has more than ${cellMax} characters.` };
  return { text: content.slice(start, end), end };
}

function afterLine(content: string, start: number): number {
  let at = start;
  while (at < content.length && !isLineEnd(content, at)) at++;
  return afterLineEnd(content, at);
}

function afterLineEnd(content: string, at: number): number {
  return content.startsWith('\r\n', at) ? at + 2 : at + 1;
}

function isLineEnd(content: string, at: number): boolean {
  const unit = content.charCodeAt(at);
  return unit === 10 || unit === 13;
}
