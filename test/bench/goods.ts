import { categoryIdSchema } from '#contract/catalogue.ts';
import type { Catalogue } from '#contract/catalogue.ts';
import { productIdSchema } from '#contract/ids.ts';
import { demoCatalogue } from '#main/demo/catalogue.ts';

const words = [
  'Amber',
  'Basil',
  'Cocoa',
  'Daikon',
  'Earl Grey',
  'Fig',
  'Ginger',
  'Hojicha',
  'Iced',
  'Jasmine',
  'Kinako',
];
const kinds = ['tea', 'cake', 'bread', 'soda', 'beans', 'jam', 'biscuit', 'set', 'bowl', 'tart', 'milk', 'drops'];

/** A shop with so many products, each with a barcode of its own: `47` and eleven digits. */
export function makeCatalogue(count: number): Catalogue {
  return {
    taxClasses: demoCatalogue.taxClasses,
    categories: demoCatalogue.categories,
    modifierGroups: [],
    products: Array.from({ length: count }, (_, index) => ({
      productId: productIdSchema.parse(`g${index}`),
      name: `${words[index % words.length]} ${kinds[Math.floor(index / words.length) % kinds.length]} ${index}`,
      keywords: '',
      barcodes: [barcodeOf(index)],
      categoryId: categoryIdSchema.parse(demoCatalogue.categories[index % demoCatalogue.categories.length]?.categoryId),
      price: 100 + (index % 900),
      taxClassId: 'standard',
      modifierGroupIds: [],
    })),
  };
}

export function barcodeOf(index: number): string {
  return `47${String(index).padStart(11, '0')}`;
}
