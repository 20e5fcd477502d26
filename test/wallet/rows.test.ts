import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * The wallet system as seventy things that can be tried, and who has to do each: the till, the server, the phone, the
 * operator of a payment means. A test that proves one begins its name with the number, `row 28: the same id …` or
 * `rows 12 and 13: …`, so that a row without a proof is seen here.
 */
type Side = 'till' | 'server' | 'phone' | 'operator';

/** Reloading and balance 1–11, methods and screens 12–20, at the till 21–37, a group at a table 38–70. */
const rows: readonly (readonly [first: number, last: number, ...sides: Side[]])[] = [
  [1, 2, 'phone', 'server'],
  [3, 4, 'server'],
  [5, 5, 'phone'],
  [6, 6, 'phone', 'server'],
  [7, 7, 'server', 'operator'],
  [8, 10, 'server'],
  [11, 18, 'phone'],
  [19, 19, 'phone', 'server'],
  [20, 20, 'phone'],
  [21, 21, 'till'],
  [22, 22, 'till', 'server'],
  [23, 24, 'server'],
  [25, 26, 'till'],
  [27, 28, 'server'],
  [29, 29, 'till'],
  [30, 31, 'till', 'server'],
  [32, 38, 'till'],
  [39, 39, 'till', 'server'],
  [40, 40, 'phone', 'server', 'till'],
  [41, 44, 'till'],
  [45, 54, 'server'],
  [55, 55, 'server', 'phone'],
  [56, 56, 'phone'],
  [57, 57, 'phone', 'server'],
  [58, 58, 'server'],
  [59, 59, 'phone'],
  [60, 60, 'till', 'server'],
  [61, 61, 'server'],
  [62, 65, 'till'],
  [66, 66, 'till', 'server'],
  [67, 67, 'server'],
  [68, 68, 'server', 'phone'],
  [69, 69, 'server'],
  [70, 70, 'till'],
];
const LAST_ROW = 70;

/** What no side but the server's does yet, by what it comes with. A proof that turns up takes its row off this list. */
const comes: Readonly<Record<string, readonly string[]>> = {
  'with refunds at the till': ['31 till', '60 till'],
  'with the close of a day': ['36 till'],
  // A table's check has members, items that are theirs, and a code by which a phone joins it or learns what is taken.
  'with tables': ['35 till', '38 till', '39 till', '40 till', '41 till', '42 till', '43 till', '44 till'],
  'with paying for a table': ['62 till', '63 till', '64 till', '65 till', '66 till'],
  'with settlements offline': ['70 till'],
};

const TESTS = fileURLToPath(new URL('../', import.meta.url));
const SELF = 'wallet/rows.test.ts';
/** Whose behaviour a folder's tests show. The demo as a whole and a stranger's client show that of several. */
const shownBy: readonly (readonly [folder: string, ...sides: Side[]])[] = [
  ['main/', 'till'],
  ['faults/', 'till'],
  ['renderer/', 'till'],
  ['e2e/till', 'till'],
  ['e2e/wallet', 'till', 'phone', 'server'],
  ['wallet/server/reload/', 'server', 'operator'],
  ['wallet/server/', 'server'],
  ['wallet/stranger/', 'server', 'operator'],
  ['wallet/phone/', 'phone'],
  ['wallet/operator/', 'operator'],
  ['postgres/', 'server'],
];
/** The beginning of a test's name, wherever its name is written: in the call, or in a table of cases. */
const NAME = /(['"`])(rows? \d[^'"`]*?): [^'"`]/g;

describe('the names of the tests', () => {
  const found = proofs();

  test('carry the number of every row, somewhere', () => {
    const bare = numbers(1, LAST_ROW).filter((row) => !found.some((proof) => proof.row === row));
    expect(
      bare.map((row) => `row ${row}`),
      'write a test named "row N: what it does"',
    ).toEqual([]);
  });

  test('carry it on each side that has to do something, but for what comes later', () => {
    const later = Object.values(comes).flat();
    const needed = rows.flatMap(([first, last, ...sides]) =>
      numbers(first, last).flatMap((row) => sides.map((side) => `${row} ${side}`)),
    );
    const shown = new Set(found.flatMap(({ row, sides }) => sides.map((side) => `${row} ${side}`)));
    expect({
      'without a test': needed.filter((proof) => !shown.has(proof) && !later.includes(proof)),
      'excused, though there is a test: take them off the list': later.filter((proof) => shown.has(proof)),
      'excused, though nobody asks for them': later.filter((proof) => !needed.includes(proof)),
    }).toEqual({
      'without a test': [],
      'excused, though there is a test: take them off the list': [],
      'excused, though nobody asks for them': [],
    });
  });

  test('carry none that is not there', () => {
    expect(found.filter(({ row }) => row < 1 || row > LAST_ROW)).toEqual([]);
    expect(rows.flatMap(([first, last]) => numbers(first, last))).toEqual(numbers(1, LAST_ROW));
  });

  test.each([
    ["test('row 28: the same id twice')", [28]],
    ["test('row 1, row 2, row 3: two operators')", [1, 2, 3]],
    ["test.each([['rows 45, 46 and 54: before there is nothing', 1]])", [45, 46, 54]],
    ["test('rows 42 to 44: each phone')", [42, 43, 44]],
    ["expect('The SKU is used in row 1 already.')", []],
    ["test('row by row: nothing')", []],
  ])('are read as they are written: %s', (source, expected) => {
    expect(rowsIn(source)).toEqual(expected);
  });
});

function proofs(): readonly { readonly row: number; readonly file: string; readonly sides: readonly Side[] }[] {
  return readdirSync(TESTS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(test|e2e)\.tsx?$/.test(entry.name))
    .map((entry) => relative(TESTS, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => file !== SELF)
    .flatMap((file) => {
      const [, ...sides] = shownBy.find(([folder]) => file.startsWith(folder)) ?? [''];
      return rowsIn(readFileSync(join(TESTS, file), 'utf8')).map((row) => ({ row, file, sides }));
    });
}

function rowsIn(source: string): readonly number[] {
  return [...source.matchAll(NAME)].flatMap(([, , names = '']) =>
    [...names.matchAll(/(\d+)(?: to (\d+))?/g)].flatMap(([, first = '', last = first]) =>
      numbers(Number(first), Number(last)),
    ),
  );
}

function numbers(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
