import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogueSchema, productsMax } from '#contract/catalogue.ts';
import { type KnownCatalogue, priceMax, readCatalogue } from '#main/terminal/selling/catalogue-import.ts';

const known: KnownCatalogue = {
  currency: 'JPY',
  taxClasses: [
    {
      taxClassId: 'standard',
      name: 'Standard 10 %',
      rate: { numerator: 10, denominator: 100 },
      isIncluded: true,
      mark: '',
    },
    {
      taxClassId: 'reduced',
      name: 'Reduced 8 %',
      rate: { numerator: 8, denominator: 100 },
      isIncluded: true,
      mark: '※',
    },
  ],
  categories: [{ categoryId: 'coffee', name: 'Coffee コーヒー' }],
  modifierGroups: [
    {
      modifierGroupId: 'size',
      name: 'Size',
      min: 1,
      max: 1,
      modifiers: [{ modifierId: 'small', name: 'Small', price: 0 }],
    },
  ],
};
const header = 'sku,name,price,category,tax_class,barcodes';
const row = 'B-1,Blend,450,coffee,standard,4569951000014';
const blend = {
  productId: 'B-1',
  name: 'Blend',
  keywords: '',
  barcodes: ['4569951000014'],
  categoryId: 'coffee',
  price: 450,
  taxClassId: 'standard',
  modifierGroupIds: [],
};

describe('importing a catalogue from CSV', () => {
  test('reads every column, in any order and case', () => {
    const content = [
      'Quick Key;IMAGE;Color;Modifiers;Tax-Class;Price;Category;Barcode;Keywords;Name;SKU',
      '3;blend.png;C0FFEE;size|SIZE;ＳＴＡＮＤＡＲＤ 10 %;４５０;ｺｰﾋｰ;11 12|11;"ぶれんど; hot";"Blend\n ""house""";B-1',
    ].join('\r\n');
    expect(
      readCatalogue('csv', `\ufeff${content}`, { ...known, categories: [{ categoryId: 'k', name: 'コーヒー' }] }),
    ).toEqual({
      catalogue: {
        taxClasses: [],
        categories: [],
        modifierGroups: [],
        products: [
          {
            productId: 'B-1',
            name: 'Blend "house"',
            keywords: 'ぶれんど; hot',
            barcodes: ['11', '12'],
            categoryId: 'k',
            price: 450,
            taxClassId: 'standard',
            modifierGroupIds: ['size'],
            colour: '#c0ffee',
            image: 'blend.png',
            quickKey: 3,
          },
        ],
      },
      refused: [],
    });
  });

  test.each([
    [',', ''],
    [';', ''],
    ['\t', ''],
    [';', 'sep=;\r\n'],
  ])('finds that cells are separated by %j after %j', (separator, before) => {
    const content = before + [header, row].join('\n').replaceAll(',', separator);
    expect(taken(content)).toEqual([blend]);
  });

  test('creates a category once, by its name, and only for a row that is taken', () => {
    const reading = readCatalogue(
      'csv',
      `${header}\nC-1,Cheesecake,600,Cakes & tarts,reduced,\nC-2,Tart,700,cakes & TARTS,reduced,\nX,Bad,?,Never,reduced,\n茶,茶,1,お茶,reduced,`,
      known,
    );
    expect(reading).toMatchObject({
      catalogue: {
        categories: [
          { categoryId: 'cakes-&-tart', name: 'Cakes & tarts' },
          { categoryId: 'お茶', name: 'お茶' },
        ],
        products: [{ categoryId: 'cakes-&-tart' }, { categoryId: 'cakes-&-tart' }, { categoryId: 'お茶' }],
      },
      refused: [{ row: 3 }],
    });
  });

  test('gives two new categories with the same beginning an id each', () => {
    const content = `${header}\n1,A,1,Breakfast sets,reduced,\n2,B,1,Breakfast served all day,reduced,`;
    const reading = readCatalogue('csv', content, known);
    expect('catalogue' in reading && reading.catalogue.categories.map(({ categoryId }) => categoryId)).toEqual([
      'breakfast-se',
      'breakfast-se-2',
    ]);
  });

  test('takes the good rows and says of each bad one how to mend it', () => {
    const content = [
      header,
      row,
      'B-1,Again,450,coffee,standard,',
      'B-2,Other,450,coffee,standard,12 4569951000014',
      'B-3,Other,450,coffee,luxury,',
      '',
      ',,,,,',
      ',,1,,,',
      'B-4,Extra,450,coffee,standard,,more',
      '"B-5,Open,450,coffee,standard,',
      'B-6,Short,450,coffee,standard',
      'B-7,Shortened,450,coffee,standard,4.56995E+12',
      'B-8,Caf\ufffd,450,coffee,standard,',
    ].join('\n');
    const { products, refused } = read(content);
    expect(products.map(({ productId }) => productId)).toEqual(['B-1', 'B-6']);
    expect(refused).toEqual([
      { row: 2, productId: 'B-1', field: 'sku', problem: 'The SKU "B-1" is used in row 1 already.' },
      {
        row: 3,
        productId: 'B-2',
        field: 'barcodes',
        problem: 'The barcode 4569951000014 belongs to "Blend" (SKU B-1) already.',
      },
      {
        row: 4,
        productId: 'B-3',
        field: 'tax_class',
        problem: 'There is no tax class "luxury". Known: standard, reduced.',
      },
      {
        row: 7,
        field: 'sku',
        problem:
          'Give the product a SKU: the key by which the shop knows it. Give the product a name. ' +
          'Name the tax class. Known: standard, reduced. ' +
          'Name the category that the product belongs to; a new one is created.',
      },
      {
        row: 8,
        productId: 'B-4',
        field: 'row',
        problem:
          'This row has more cells than the first line has columns: ' +
          'put quotation marks around a cell with a separator in it.',
      },
      {
        row: 9,
        field: 'row',
        problem: 'A quotation mark opens a cell here and none closes it: remove it, or put one behind the cell.',
      },
      {
        row: 11,
        productId: 'B-7',
        field: 'barcodes',
        problem: 'A spreadsheet has shortened a number here: format the column as text and export again.',
      },
      {
        row: 12,
        productId: 'B-8',
        field: 'name',
        problem:
          'This has characters that cannot be shown or printed. ' +
          'Save the file as UTF-8, and remove line ends and control characters.',
      },
    ]);
  });

  test('lets a refused row claim neither its SKU nor its barcodes', () => {
    expect(taken(`${header}\nB-1,Bad,dear,coffee,standard,4569951000014\n${row}`)).toEqual([blend]);
  });

  test.each([
    ['JPY', '450', 450],
    ['JPY', '450.00', 450],
    ['JPY', '0', 0],
    ['USD', '4.50', 450],
    ['USD', '4.5', 450],
    ['USD', '1200', 120_000],
    ['KWD', '4.505', 4_505],
    ['KWD', '1.200', 1_200],
    ['JPY', String(priceMax), priceMax],
    [
      'USD',
      '4.505',
      'USD has at most 2 decimal places, and thousands are not separated: write the price like 1200.50.',
    ],
    ['USD', '4.5051', 'USD has at most 2 decimal places: write the price like 1200.50.'],
    ['JPY', '4.5', 'JPY has no decimal places: write the price like 1200.'],
    ['USD', '1,200', 'Write the price without separators between thousands, like 1200.50.'],
    ['USD', '1,200.00', 'Write the price without separators between thousands, like 1200.50.'],
    [
      'EUR',
      '1.200',
      'EUR has at most 2 decimal places, and thousands are not separated: write the price like 1200.50.',
    ],
    ['EUR', '1.200.300', 'Write the price without separators between thousands, like 1200.50.'],
    ['JPY', '1.000', 'JPY has no decimal places, and thousands are not separated: write the price like 1200.'],
    ['CHF', "1'200", 'Write the price without separators between thousands, like 1200.50.'],
    ['EUR', '4,50', 'Write a point, not a comma, before decimals, like 1200.50.'],
    ['JPY', '¥450', 'Write the price as a plain number without a currency sign, like 1200.'],
    ['JPY', '1e3', 'Write the price as a plain number without a currency sign, like 1200.'],
    ['JPY', '-450', 'A price is not negative. Give a discount on the bill instead.'],
    ['JPY', '', 'Give a price. Write 0 for a product that costs nothing.'],
    ['JPY', String(priceMax + 1), 'The price is too large.'],
  ])('reads a price in %s written %j', (currency, price, expected) => {
    const { products, refused } = read(`${header}\nB-1,Blend,"${price}",coffee,standard,`, { ...known, currency });
    expect(products[0]?.price ?? refused[0]?.problem).toBe(expected);
  });

  test.each([
    ['colour', 'red'],
    ['image', '../../etc/passwd'],
    ['image', 'https://example.com/a.png'],
    ['image', 'data:text/html;hello'],
    ['quick_key', '-1'],
    ['modifiers', 'Size|Milk'],
    ['barcodes', 'コーヒー'],
    ['keywords', 'x'.repeat(201)],
  ])('refuses the %s %j', (column, value) => {
    const { products, refused } = read(
      `${header.replace(',barcodes', '')},${column}\nB,Blend,450,coffee,standard,${value}`,
    );
    expect({ products, field: refused[0]?.field }).toEqual({ products: [], field: column });
  });

  test('names a column that it does not know, and goes on without it', () => {
    expect(readCatalogue('csv', `${header},Supplier\n${row},Acme`, known)).toMatchObject({
      catalogue: { products: [blend] },
      refused: [{ row: 0, field: 'Supplier' }],
    });
  });

  test.each([
    ['', 'The file is empty.'],
    ['\ufeff \n', 'The file is empty.'],
    ['sku\u0000name', 'This is not a text file in UTF-8. In a spreadsheet, save it as "CSV UTF-8".'],
    ['sku,price\n', 'The first line must name the columns. Missing: name, category, tax_class.'],
    [`${header},SKU\n${row}`, 'The first line names the column "sku" twice.'],
    [
      `${header}\n${'\n'.repeat(productsMax + 1)}`,
      `The file has more than ${productsMax} products: divide it into several files.`,
    ],
  ])('says why it cannot use a file (%#)', (content, unreadable) => {
    expect(readCatalogue('csv', content, known)).toEqual({ unreadable });
  });
});

describe('importing a catalogue from JSON', () => {
  test('reads a whole catalogue, whose products may refer to what it brings', () => {
    const catalogue = {
      taxClasses: [
        { taxClassId: 'luxury', name: 'Luxury', rate: { numerator: 1, denominator: 4 }, isIncluded: false, mark: '*' },
      ],
      categories: [
        { categoryId: 'coffee', name: 'Kaffee' },
        { categoryId: 'gold', name: 'Gold', colour: '#ffd700' },
      ],
      modifierGroups: [
        {
          modifierGroupId: 'wrap',
          name: 'Wrapping',
          min: 0,
          max: 1,
          modifiers: [{ modifierId: 'bow', name: 'Bow', price: 100 }],
        },
      ],
      products: [{ ...blend, taxClassId: 'luxury', categoryId: 'gold', modifierGroupIds: ['wrap', 'size'] }],
    };
    expect(readCatalogue('json', JSON.stringify(catalogue), known)).toEqual({ catalogue, refused: [] });
  });

  test('reads a bare list of products, where barcodes and modifiers may be left out', () => {
    const { barcodes: _barcodes, modifierGroupIds: _modifierGroupIds, ...short } = blend;
    const reading = readCatalogue('json', JSON.stringify([short]), known);
    expect(reading).toMatchObject({
      catalogue: { products: [{ ...short, barcodes: [], modifierGroupIds: [] }] },
      refused: [],
    });
  });

  test('takes the good rows and refuses the bad ones, of products and of everything else', () => {
    const taxClass = { taxClassId: 'a', name: 'A', rate: { numerator: 1, denominator: 10 }, isIncluded: true };
    const group = {
      modifierGroupId: 'g',
      name: 'G',
      min: 2,
      max: 1,
      modifiers: [{ modifierId: 'm', name: 'M', price: 0 }],
    };
    const content = JSON.stringify({
      taxClasses: [taxClass, taxClass, { ...taxClass, taxClassId: 'b', rate: { numerator: -1, denominator: 10 } }],
      categories: [{ categoryId: 'c' }],
      modifierGroups: [group],
      products: [
        { ...blend, taxClassId: 'a' },
        { ...blend, productId: 'B-2', price: 4.5, name: '' },
        { ...blend, productId: 'B-3', barcodes: [], categoryId: 'Coffee コーヒー' },
        'blend',
        { ...blend, productId: 'B-4', barcodes: [], name: 'a\ud800' },
      ],
    });
    const reading = readCatalogue('json', content, known);
    expect(reading).toMatchObject({
      catalogue: { taxClasses: [{ taxClassId: 'a' }], products: [{ productId: 'B-1' }] },
    });
    expect('refused' in reading && reading.refused).toEqual([
      { row: 0, field: 'taxClasses[1]', problem: 'The id "a" is used twice in this file.' },
      { row: 0, field: 'taxClasses[2].rate', problem: 'A tax rate is not negative.' },
      { row: 0, field: 'categories[0].name', problem: 'Invalid input: expected string, received undefined.' },
      {
        row: 0,
        field: 'modifierGroups[0].min',
        problem: '"min" must not be greater than "max". "min" asks for more modifiers than the group has.',
      },
      {
        row: 2,
        productId: 'B-2',
        field: 'name',
        problem: '"name" must have 1 to 120 characters. "price" must be a whole number of minor units, 0 or more.',
      },
      {
        row: 3,
        productId: 'B-3',
        field: 'category',
        problem: 'There is no category "Coffee コーヒー". Known: coffee.',
      },
      { row: 4, field: 'row', problem: 'A product must be an object with its fields in it.' },
      {
        row: 5,
        productId: 'B-4',
        field: 'name',
        problem:
          'This has characters that cannot be shown or printed. ' +
          'Save the file as UTF-8, and remove line ends and control characters.',
      },
    ]);
  });

  test.each([
    [{ price: priceMax + 1 }, 'The price is too large.'],
    [{ taxClassId: 'luxury' }, 'There is no tax class "luxury". Known: standard, reduced.'],
    [{ modifierGroupIds: ['milk'] }, 'There is no modifier group "milk". Known: size.'],
    [{ productId: ' B-1' }, /cannot be shown or printed/],
  ])('refuses a product with %j', (wrong, problem) => {
    const reading = readCatalogue('json', JSON.stringify([{ ...blend, ...wrong }]), known);
    expect('refused' in reading && reading.refused[0]?.problem).toMatch(problem);
  });

  test.each(['{', '7', 'null', '{}', '{"products":{}}'])('says that it cannot read %s', (content) => {
    expect(readCatalogue('json', content, known)).toHaveProperty('unreadable');
  });
});

describe('importing anything', () => {
  test('never throws, and what it takes is a catalogue that refers only to what exists', () => {
    const cell = fc.oneof(
      fc.constantFrom(
        '',
        'B-1',
        'coffee',
        'standard',
        '450',
        'Cake',
        '"',
        '""',
        '\u00a8',
        'x'.repeat(130),
        'size',
        '-0',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    const lines = fc
      .array(fc.array(cell, { minLength: 4, maxLength: 8 }), { maxLength: 12 })
      .map((rows) => [header, ...rows.map((cells) => cells.join(','))].join('\n'));
    const json = fc.oneof(
      fc.json(),
      fc
        .array(
          fc.record(
            { ...wild(blend), name: fc.oneof(fc.constant('A'), fc.string({ unit: 'binary' })) },
            { requiredKeys: [] },
          ),
        )
        .map((products) => JSON.stringify({ products })),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('csv', 'json'),
        fc.oneof(lines, json, fc.string({ unit: 'binary' })),
        (format, content) => {
          const reading = readCatalogue(format, content, known);
          if ('unreadable' in reading) return;
          const { catalogue } = reading;
          expect(catalogueSchema.parse(catalogue)).toEqual(catalogue);
          const categories = new Set(
            [...known.categories, ...catalogue.categories].map(({ categoryId }) => categoryId),
          );
          expect(catalogue.products.filter(({ categoryId }) => !categories.has(categoryId))).toEqual([]);
          expect(new Set(catalogue.products.map(({ productId }) => productId)).size).toBe(catalogue.products.length);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('takes time in proportion to 100,000 rows', () => {
    const rows = Array.from(
      { length: 100_000 },
      (_, at) => `S-${at},"Product, no ${at}",${at},Cat ${at % 50},reduced,${4e12 + at}`,
    );
    const content = [header, ...rows].join('\r\n');
    const start = performance.now();
    expect(read(content).products.length).toBe(100_000);
    // A quiet machine needs one second; anything that grows with the square of the rows needs minutes.
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});

function read(content: string, store = known) {
  const reading = readCatalogue('csv', content, store);
  if ('unreadable' in reading) throw new Error(reading.unreadable);
  return { products: reading.catalogue.products, refused: reading.refused };
}

function taken(content: string) {
  return read(content).products;
}

/** Each field as it is, or anything. */
function wild(fields: Readonly<Record<string, unknown>>): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, fc.oneof(fc.constant(value), fc.jsonValue({ maxDepth: 1 }))]),
  );
}
