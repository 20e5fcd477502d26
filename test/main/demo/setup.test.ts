import { describe, expect, test } from 'vitest';
import { type Product, catalogueSchema } from '#contract/catalogue.ts';
import { demoSetup } from '#main/demo/setup.ts';
import { readCatalogue } from '#main/terminal/selling/catalogue-import.ts';
import { storeSetupSchema } from '#main/terminal/settings.ts';

const { catalogue } = demoSetup;
const { products, categories, modifierGroups, taxClasses } = catalogue;

describe('the demo store', () => {
  test('is a store that a terminal can begin with', () => {
    expect(storeSetupSchema.parse(demoSetup)).toEqual(demoSetup);
  });

  test('could be imported from a file without a row refused', () => {
    const known = { taxClasses: [], categories: [], modifierGroups: [], currency: demoSetup.settings.store.currency };
    expect(readCatalogue('json', JSON.stringify(catalogue), known)).toEqual({
      catalogue: catalogueSchema.parse(catalogue),
      refused: [],
    });
  });

  test('sells 72 products in 8 categories, and every category, tax class and modifier group is used', () => {
    expect([products.length, categories.length]).toEqual([72, 8]);
    expect(new Set(products.map(({ categoryId }) => categoryId)).size).toBe(categories.length);
    expect(new Set(products.map(({ taxClassId }) => taxClassId)).size).toBe(taxClasses.length);
    expect(new Set(products.flatMap(({ modifierGroupIds }) => modifierGroupIds)).size).toBe(modifierGroups.length);
  });

  test('has a barcode on every product, each once and with the right check digit', () => {
    const barcodes = products.flatMap((product) => product.barcodes);
    expect(products.filter((product) => product.barcodes.length === 0)).toEqual([]);
    expect(new Set(barcodes).size).toBe(barcodes.length);
    expect(barcodes.filter((barcode) => !isEan13(barcode))).toEqual([]);
  });

  test('has its quick keys in a row', () => {
    const keys = products.flatMap(({ quickKey }) => quickKey ?? []).toSorted((a, b) => a - b);
    expect(keys).toEqual([...keys.keys()]);
    expect(keys.length).toBeGreaterThanOrEqual(12);
  });

  test('is found by people who type kana or letters', () => {
    const without = (field: (product: Product) => string, pattern: RegExp) =>
      products.filter((product) => !pattern.test(field(product))).map(({ name }) => name);
    expect(without(({ name, keywords }) => `${name} ${keywords}`, /\p{Script=Hiragana}/u)).toEqual([]);
    expect(without(({ name }) => name, /[A-Za-z]/)).toEqual([]);
  });

  test('names everything briefly enough for one line of a receipt', () => {
    expect(products.filter(({ name }) => name.length > 34).map(({ name }) => name)).toEqual([]);
  });
});

/** GS1 General Specifications §7.9: from the right, digits weigh 1, 3, 1, 3 … and come to a multiple of ten. */
function isEan13(barcode: string): boolean {
  const digits = Array.from(barcode, Number).toReversed();
  const sum = digits.reduce((total, digit, index) => total + (index % 2 === 1 ? 3 * digit : digit), 0);
  return /^\d{13}$/.test(barcode) && sum % 10 === 0;
}
