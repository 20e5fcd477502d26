import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Category,
  type ImportReport,
  type ModifierGroup,
  type Product,
  type RefusedRow,
  type TaxClass,
  categorySchema,
  modifierGroupSchema,
  productSchema,
  taxClassSchema,
} from '#contract/catalogue.ts';
import type { Journal, Projectors } from '../journal/journal.ts';
import { Refused } from '../refused.ts';
import type { Reader, Writer } from '../store/database.ts';
import { sql } from '../store/sql.ts';
import { readCatalogue } from './catalogue-import.ts';
import { type CatalogueSearch, openSearch } from './catalogue-search.ts';

/** What the shop sells. Reads go to the tables; the search index is derived and lives in memory. */
export interface CatalogueBook {
  product(productId: string): Product | undefined;
  /** The product that a scanned code names; a UPC-A is the same as its EAN-13 with a leading zero. */
  productByBarcode(barcode: string): Product | undefined;
  taxClass(taxClassId: string): TaxClass | undefined;
  modifierGroupsOf(product: Product): ModifierGroup[];
  outline(): {
    categories: (Category & { productCount: number })[];
    modifierGroups: ModifierGroup[];
    taxClasses: TaxClass[];
    productCount: number;
  };
  /** Tiles of a category in catalogue order, or the quick keys where none is named. */
  page(categoryId: string | undefined, offset: number, limit: number): { products: Product[]; total: number };
  /** Waits for the index, which is built in the background at the start, in portions that no tap waits for. */
  search(text: string, limit: number): Promise<{ products: Product[]; total: number }>;
  /** Takes each good row and refuses each bad one with a reason. Yields between portions, so a tap never waits long. */
  import(
    content: { format: 'csv' | 'json'; content: string; isTrial: boolean },
    staffId: string | null,
  ): Promise<ImportReport>;
  onChange(listener: () => void): void;
  /** Reads nothing any more. */
  close(): void;
}

/** Products in one journal entry: a commit of this size takes a few milliseconds. */
const productsPerEntry = 500;
/** New products follow the older ones: by the entry that brought them, then by their place in it. */
const positionsPerEntry = 1_000;
/** Products kept at hand: what sells, sells again. */
const recentProductsMax = 500;

export function openCatalogue(options: { journal: Journal; reader: Reader; currency: string }): CatalogueBook {
  const { journal, reader, currency } = options;
  const listeners: (() => void)[] = [];
  const index = openSearch([]);
  let shared = readShared(reader);
  const recentProducts = new Map<string, Product>();
  let isClosed = false;
  const indexed = fillIndex(index, reader, () => isClosed);
  // A file that is gone by now fails the search that asks, not the whole process.
  indexed.catch(() => undefined);

  const book: CatalogueBook = {
    product(productId) {
      const recent = recentProducts.get(productId);
      if (recent) return recent;
      const row = reader.one(sql`SELECT body FROM product WHERE product_id = ${productId}`);
      if (row === undefined) return undefined;
      const product = productOf(row);
      if (recentProducts.size >= recentProductsMax) recentProducts.clear();
      recentProducts.set(productId, product);
      return product;
    },
    productByBarcode(barcode) {
      for (const candidate of barcodeForms(barcode)) {
        const productId = holderOf(reader, candidate);
        if (productId !== undefined) return book.product(productId);
      }
      return undefined;
    },
    taxClass: (taxClassId) => shared.taxClasses.get(taxClassId),
    modifierGroupsOf: ({ modifierGroupIds }) =>
      modifierGroupIds.map((id) => shared.modifierGroups.get(id)).filter((group) => group !== undefined),
    outline: () => ({
      categories: reader
        .all(
          sql`SELECT category.body, (SELECT count(*) FROM product WHERE product.category_id = category.category_id) AS products
              FROM category ORDER BY position`,
        )
        .map((row) => ({
          ...categorySchema.parse(bodyOf(row)),
          productCount: (row as { products: number }).products,
        })),
      modifierGroups: readModifierGroups(reader),
      taxClasses: readTaxClasses(reader),
      productCount: countOf(reader.one(sql`SELECT count(*) AS count FROM product`)),
    }),
    page(categoryId, offset, limit) {
      if (categoryId === undefined) {
        const rows = reader.all(sql`
          SELECT body FROM product WHERE quick_key IS NOT NULL ORDER BY quick_key LIMIT ${limit} OFFSET ${offset}`);
        const total = countOf(reader.one(sql`SELECT count(*) AS count FROM product WHERE quick_key IS NOT NULL`));
        return { products: rows.map(productOf), total };
      }
      const rows = reader.all(sql`
        SELECT body FROM product WHERE category_id = ${categoryId} ORDER BY position LIMIT ${limit} OFFSET ${offset}`);
      const total = countOf(reader.one(sql`SELECT count(*) AS count FROM product WHERE category_id = ${categoryId}`));
      return { products: rows.map(productOf), total };
    },
    async search(text, limit) {
      await indexed;
      const { productIds, total } = index.search(text, limit);
      const products = productIds
        .map((productId) => book.product(productId))
        .filter((product) => product !== undefined);
      return { products, total };
    },
    async import({ format, content, isTrial }, staffId) {
      const known = {
        taxClasses: readTaxClasses(reader),
        categories: readCategories(reader),
        modifierGroups: readModifierGroups(reader),
        currency,
      };
      const read = readCatalogue(format, content, known);
      if ('unreadable' in read) throw new Refused({ reason: 'importUnreadable', detail: read.unreadable });
      const { report, parts } = await plan(reader, read.catalogue, read.refused);
      if (isTrial) return report;
      for (const part of parts) {
        journal.commit([{ type: 'catalogue.imported', body: part }], staffId);
        index.put(part.products);
        shared = readShared(reader);
        recentProducts.clear();
        await nextTurn();
      }
      for (const listener of listeners) listener();
      return report;
    },
    onChange(listener) {
      listeners.push(listener);
    },
    close() {
      isClosed = true;
    },
  };
  return book;
}

export const catalogueProjectors: Projectors = {
  'catalogue.imported': (writer, { body, seq }) => {
    const { taxClasses, categories, modifierGroups, products } = body as unknown as ImportedPart;
    for (const taxClass of taxClasses) putTaxClass(writer, taxClassSchema.parse(taxClass));
    for (const category of categories) putCategory(writer, categorySchema.parse(category));
    for (const group of modifierGroups) putModifierGroup(writer, modifierGroupSchema.parse(group));
    for (const [index, product] of products.entries()) {
      putProduct(writer, productSchema.parse(product), seq * positionsPerEntry + index);
    }
  },
};

interface ImportedPart {
  readonly taxClasses: readonly TaxClass[];
  readonly categories: readonly Category[];
  readonly modifierGroups: readonly ModifierGroup[];
  readonly products: readonly Product[];
}

/** Reads the products in catalogue order, portion by portion. */
async function fillIndex(index: CatalogueSearch, reader: Reader, isClosed: () => boolean): Promise<void> {
  for (let after = -1; !isClosed();) {
    const rows = reader.all(sql`
      SELECT position, body FROM product WHERE position > ${after} ORDER BY position LIMIT ${productsPerEntry}`);
    index.put(rows.map(productOf));
    const last = rows.at(-1) as { position: number } | undefined;
    if (!last) return;
    after = last.position;
    await nextTurn();
  }
}

/** Compares what was read with what is there: what is new, changed, the same; and barcodes that others hold. */
async function plan(
  reader: Reader,
  catalogue: ImportedPart,
  refusedBefore: readonly RefusedRow[],
): Promise<{ report: ImportReport; parts: ImportedPart[] }> {
  const refused = [...refusedBefore];
  const toPut: Product[] = [];
  const imported = new Set<string>(catalogue.products.map(({ productId }) => productId));
  let added = 0;
  let changed = 0;
  let unchanged = 0;
  for (const [index, product] of catalogue.products.entries()) {
    if (index % productsPerEntry === productsPerEntry - 1) await nextTurn();
    const holder = product.barcodes
      .map((barcode) => ({ barcode, productId: holderOf(reader, barcode) }))
      .find(({ productId }) => productId !== undefined && productId !== product.productId && !imported.has(productId));
    if (holder) {
      const problem = `barcode ${holder.barcode} belongs to product ${holder.productId ?? ''} already; remove it from one of them`;
      refused.push({ row: 0, productId: product.productId, field: 'barcodes', problem });
      continue;
    }
    const before = reader.one(sql`SELECT body FROM product WHERE product_id = ${product.productId}`);
    if (before === undefined) added += 1;
    else if (bodyText(before) === JSON.stringify(product)) {
      unchanged += 1;
      continue;
    } else changed += 1;
    toPut.push(product);
  }
  const { taxClasses, categories, modifierGroups } = catalogue;
  const parts: ImportedPart[] = [];
  if (taxClasses.length + categories.length + modifierGroups.length > 0) {
    parts.push({ taxClasses, categories, modifierGroups, products: [] });
  }
  for (let from = 0; from < toPut.length; from += productsPerEntry) {
    const products = toPut.slice(from, from + productsPerEntry);
    parts.push({ taxClasses: [], categories: [], modifierGroups: [], products });
  }
  return { report: { added, changed, unchanged, refused }, parts };
}

/** UPC-A has 12 digits and is the EAN-13 with a zero before it: scanners send either (GS1 General Specifications). */
function barcodeForms(barcode: string): string[] {
  if (/^\d{12}$/.test(barcode)) return [barcode, `0${barcode}`];
  if (/^0\d{12}$/.test(barcode)) return [barcode, barcode.slice(1)];
  return [barcode];
}

function putTaxClass(writer: Writer, taxClass: TaxClass): void {
  writer.run(sql`
    INSERT INTO tax_class (tax_class_id, position, body)
    VALUES (${taxClass.taxClassId}, (SELECT count(*) FROM tax_class), ${JSON.stringify(taxClass)})
    ON CONFLICT (tax_class_id) DO UPDATE SET body = excluded.body`);
}

function putCategory(writer: Writer, category: Category): void {
  writer.run(sql`
    INSERT INTO category (category_id, position, body)
    VALUES (${category.categoryId}, (SELECT count(*) FROM category), ${JSON.stringify(category)})
    ON CONFLICT (category_id) DO UPDATE SET body = excluded.body`);
}

function putModifierGroup(writer: Writer, group: ModifierGroup): void {
  writer.run(sql`
    INSERT INTO modifier_group (modifier_group_id, body) VALUES (${group.modifierGroupId}, ${JSON.stringify(group)})
    ON CONFLICT (modifier_group_id) DO UPDATE SET body = excluded.body`);
}

/** Barcodes go to the product that was imported last: two products may swap theirs in one file. */
function putProduct(writer: Writer, product: Product, position: number): void {
  const { productId, categoryId, quickKey, barcodes } = product;
  writer.run(sql`
    INSERT INTO product (product_id, position, category_id, quick_key, body)
    VALUES (${productId}, ${position}, ${categoryId}, ${quickKey ?? null}, ${JSON.stringify(product)})
    ON CONFLICT (product_id) DO UPDATE
      SET category_id = excluded.category_id, quick_key = excluded.quick_key, body = excluded.body`);
  writer.run(sql`DELETE FROM barcode WHERE product_id = ${productId}`);
  for (const barcode of barcodes) {
    writer.run(sql`
      INSERT INTO barcode (barcode, product_id) VALUES (${barcode}, ${productId})
      ON CONFLICT (barcode) DO UPDATE SET product_id = excluded.product_id`);
  }
}

function holderOf(reader: Reader, barcode: string): string | undefined {
  const row = reader.one(sql`SELECT product_id FROM barcode WHERE barcode = ${barcode}`);
  return (row as { product_id: string } | undefined)?.product_id;
}

/** What many products refer to and every tap needs: few, so they stay in memory. */
function readShared(reader: Reader) {
  return {
    taxClasses: new Map(readTaxClasses(reader).map((taxClass) => [taxClass.taxClassId, taxClass])),
    modifierGroups: new Map(readModifierGroups(reader).map((group) => [group.modifierGroupId, group])),
  };
}

function readTaxClasses(reader: Reader): TaxClass[] {
  return reader.all(sql`SELECT body FROM tax_class ORDER BY position`).map((row) => taxClassSchema.parse(bodyOf(row)));
}

function readCategories(reader: Reader): Category[] {
  return reader.all(sql`SELECT body FROM category ORDER BY position`).map((row) => categorySchema.parse(bodyOf(row)));
}

function readModifierGroups(reader: Reader): ModifierGroup[] {
  return reader
    .all(sql`SELECT body FROM modifier_group ORDER BY modifier_group_id`)
    .map((row) => modifierGroupSchema.parse(bodyOf(row)));
}

/** Our own row, written from a parsed product: read back without a second check, since a scan waits for it. */
function productOf(row: unknown): Product {
  return bodyOf(row) as Product;
}

function bodyText(row: unknown): string {
  return (row as { body: string }).body;
}

function bodyOf(row: unknown): unknown {
  return JSON.parse(bodyText(row));
}

function countOf(row: unknown): number {
  return (row as { count: number }).count;
}
