import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellMax, readRecords } from '#main/terminal/selling/csv.ts';

describe('reading CSV', () => {
  test('reads quoted cells with separators, line ends and doubled quotes in them', () => {
    expect(cellsOf('a,"b, ""c""\r\nd",e\r\n"",f')).toEqual([
      ['a', 'b, "c"\r\nd', 'e'],
      ['', 'f'],
    ]);
  });

  test.each(['\n', '\r\n', '\r'])('ends a record with %j', (end) => {
    expect(cellsOf(`a,b${end}${end}c,d${end}`)).toEqual([['a', 'b'], [''], ['c', 'd']]);
  });

  test('takes a quotation mark inside an unquoted cell as it is', () => {
    expect(cellsOf('5" disk,6"')).toEqual([['5" disk', '6"']]);
  });

  test('loses one line, not the file, to a quotation mark that nobody closed', () => {
    const [first, second, third] = [...readRecords('"open,1\nb,2\n"c",3', ',')];
    expect([first && 'problem' in first, second, third]).toEqual([true, { cells: ['b', '2'] }, { cells: ['c', '3'] }]);
  });

  test('loses one line to a cell or a row that is too long', () => {
    const long = 'x'.repeat(cellMax + 1);
    for (const line of [long, `"${long}"`, ','.repeat(300)]) {
      const [first, second] = [...readRecords(`${line}\nb`, ',')];
      expect([first && 'problem' in first, second]).toEqual([true, { cells: ['b'] }]);
    }
  });

  test('reads back what was written, with any separator', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\t', '\n', '\r', ' ', 'コ', '😀') });
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(table, fc.constantFrom(',', ';', '\t'), (rows, separator) => {
        const written = rows.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(separator));
        expect(cellsOf(written.join('\r\n'), separator)).toEqual(rows);
      }),
    );
  });
});

function cellsOf(content: string, separator = ','): unknown[] {
  return [...readRecords(content, separator)].map((record) => ('cells' in record ? record.cells : record.problem));
}
