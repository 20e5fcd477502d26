import {
  type Catalogue,
  type Category,
  type ModifierGroup,
  type Product,
  type RefusedRow,
  type TaxClass,
  categorySchema,
  modifierGroupSchema,
  productSchema,
  productsMax,
  taxClassSchema,
} from '#contract/catalogue.ts';
import { type Currency, exponentOf, parseDecimal } from '#contract/money.ts';
import type { z } from 'zod';
import { readRecords } from './csv.ts';

/**
 * Reads a catalogue from a file. Pure: what the file means, not what it changes.
 *
 * Each row stands for itself. A good row is taken; a bad one is refused with sentences that say how to mend it and
 * claims neither its SKU nor its barcodes. Whether a barcode belongs to a stored product that the file does not name is
 * for the caller to see, who knows the stored products.
 *
 * CSV has a header with the columns `sku, name, price, category, tax_class` and, where wanted, `keywords, barcodes,
 * modifiers, colour, image, quick_key`, in any order and case. Cells are separated by comma, semicolon or tab; several
 * barcodes in one cell by `|` or space, several modifier groups by `|`. Prices are decimals of the store's currency;
 * categories, tax classes and modifier groups are named by id or name, and an unknown category is created.
 * JSON is a whole {@link Catalogue} or a bare list of its products, with prices in minor units.
 */
export type CatalogueReading =
  | {
      /** What to store. Of tax classes, categories and modifier groups only those that the file itself brings. */
      readonly catalogue: Catalogue;
      /** One entry for each refused row. Row 0 is what is not a product: the header, or another part of a JSON file. */
      readonly refused: RefusedRow[];
    }
  | {
      /** Why nothing of the file can be used, in a sentence. */
      readonly unreadable: string;
    };

/** What the store has already: the file may refer to it. */
export interface KnownCatalogue {
  readonly taxClasses: readonly TaxClass[];
  readonly categories: readonly Category[];
  readonly modifierGroups: readonly ModifierGroup[];
  readonly currency: Currency;
}

/**
 * In minor units. The fullest bill (500 lines of 9,999, each with 40 modifiers, and a quarter of tax on top) is still
 * counted exactly: it stays below 2^53.
 */
export const priceMax = 1_000_000_000;
const modifierPriceMax = 10_000_000;

const categoriesMax = 1_000;
const modifierGroupsMax = 1_000;
const taxClassesMax = 100;

/** Never throws, whatever the content. 100,000 rows take about a second. */
export function readCatalogue(format: 'csv' | 'json', content: string, known: KnownCatalogue): CatalogueReading {
  const text = content.startsWith('\ufeff') ? content.slice(1) : content;
  if (text.trim() === '') return { unreadable: 'The file is empty.' };
  if (text.includes('\u0000')) {
    return { unreadable: 'This is not a text file in UTF-8. In a spreadsheet, save it as "CSV UTF-8".' };
  }
  return format === 'csv' ? readCsv(text, known) : readJson(text, known);
}

const columns = [
  'sku',
  'name',
  'keywords',
  'barcodes',
  'category',
  'price',
  'tax_class',
  'modifiers',
  'colour',
  'image',
  'quick_key',
] as const;
type Column = (typeof columns)[number];

const requiredColumns: readonly Column[] = ['sku', 'name', 'price', 'category', 'tax_class'];
const otherSpellings = new Map<string, Column>([
  ['barcode', 'barcodes'],
  ['color', 'colour'],
  ['modifier', 'modifiers'],
]);

function readCsv(content: string, known: KnownCatalogue): CatalogueReading {
  // A first line `sep=;` is what some spreadsheets write and read.
  const text = content.replace(/^sep=.?\r?\n/i, '').replace(/^[\r\n]+/, '');
  const separators = [',', ';', '\t'].map((separator) => ({ separator, header: headerOf(text, separator) }));
  const [best] = separators.toSorted((a, b) => b.header.columns.size - a.header.columns.size);
  if (!best) return { unreadable: 'The file is empty.' };
  const { separator, header } = best;
  const missing = requiredColumns.filter((column) => !header.columns.has(column));
  if (missing.length > 0) {
    return { unreadable: `The first line must name the columns. Missing: ${missing.join(', ')}.` };
  }
  if (header.doubled !== undefined) return { unreadable: `The first line names the column "${header.doubled}" twice.` };

  const gathered = gather(known);
  for (const cell of header.unknown) {
    gathered.refused.push({
      row: 0,
      field: shorten(cell),
      problem: `This column is not known and was left out. Known columns: ${columns.join(', ')}.`,
    });
  }
  let row = -1;
  for (const record of readRecords(text, separator)) {
    row++;
    if (row === 0) continue;
    if (row > productsMax) return tooMany;
    if ('problem' in record) gathered.refused.push({ row, field: 'row', problem: record.problem });
    else if (record.cells.some((cell) => cell.trim() !== '')) takeRecord(record.cells, row, header, gathered, known);
  }
  return { catalogue: gathered.catalogue, refused: gathered.refused };
}

interface Header {
  readonly columns: ReadonlyMap<Column, number>;
  readonly unknown: readonly string[];
  readonly doubled: Column | undefined;
  readonly width: number;
}

function headerOf(content: string, separator: string): Header {
  const first = readRecords(content, separator).next();
  const cells = first.value && 'cells' in first.value ? first.value.cells : [];
  const found = new Map<Column, number>();
  const unknown: string[] = [];
  let doubled: Column | undefined;
  for (const [index, cell] of cells.entries()) {
    const name = cell
      .normalize('NFKC')
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_');
    const column = columns.find((each) => each === name) ?? otherSpellings.get(name);
    if (column === undefined) {
      if (name !== '') unknown.push(cell);
    } else if (found.has(column)) doubled = column;
    else found.set(column, index);
  }
  return { columns: found, unknown, doubled, width: cells.length };
}

/** One record of a CSV file: cells become a draft of a product, with the problems of their own notation. */
function takeRecord(
  cells: readonly string[],
  row: number,
  header: Header,
  gathered: Gathered,
  { currency }: KnownCatalogue,
): void {
  const cell = (column: Column) => (cells[header.columns.get(column) ?? -1] ?? '').trim();
  const problems = new Problems();
  if (cells.slice(header.width).some((extra) => extra.trim() !== '')) {
    problems.add(
      'row',
      `This row has more cells than the first line has columns: put quotation marks around a cell with a separator in it.`,
    );
  }
  const sku = cell('sku');
  if (sku === '') problems.add('sku', 'Give the product a SKU: the key by which the shop knows it.');
  const barcodes = [...new Set(cell('barcodes').split(/[|\s]+/))].filter((barcode) => barcode !== '');
  if ([sku, ...barcodes].some((code) => /^\d[.,]\d+E\+\d+$/i.test(code))) {
    problems.add('barcodes', 'A spreadsheet has shortened a number here: format the column as text and export again.');
  }
  if (cell('name') === '') problems.add('name', 'Give the product a name.');
  const price = priceOf(cell('price'), currency);
  if (typeof price === 'string') problems.add('price', price);
  const taxClassId = gathered.taxClasses.find(cell('tax_class'));
  if (taxClassId === undefined)
    problems.add('tax_class', notKnown('tax class', cell('tax_class'), gathered.taxClasses));
  const category = categoryFor(cell('category'), gathered, problems);
  const modifierGroupIds: string[] = [];
  for (const name of cell('modifiers')
    .split('|')
    .map((each) => each.trim())
    .filter(Boolean)) {
    const id = gathered.modifierGroups.find(name);
    if (id === undefined) problems.add('modifiers', notKnown('modifier group', name, gathered.modifierGroups));
    else if (!modifierGroupIds.includes(id)) modifierGroupIds.push(id);
  }
  const colour = cell('colour').toLowerCase();
  const quickKey = cell('quick_key').normalize('NFKC');
  if (quickKey !== '' && !/^\d{1,6}$/.test(quickKey)) {
    problems.add('quick_key', 'Write the place of the quick key as a whole number from 0, or leave the cell empty.');
  }
  const draft = {
    productId: sku,
    name: cell('name'),
    keywords: cell('keywords'),
    barcodes,
    categoryId: category?.categoryId,
    price,
    taxClassId,
    modifierGroupIds,
    ...(colour === '' ? {} : { colour: colour.startsWith('#') ? colour : `#${colour}` }),
    ...(cell('image') === '' ? {} : { image: cell('image') }),
    ...(quickKey === '' ? {} : { quickKey: Number(quickKey) }),
  };
  const isTaken = takeProduct(draft, row, problems, gathered, category);
  if (isTaken && category && gathered.categories.add(category.categoryId, category.name)) {
    gathered.catalogue.categories.push(category);
  }
}

/** The category of that id or name, or a new one. */
function categoryFor(text: string, gathered: Gathered, problems: Problems): Category | undefined {
  const name = tidy(text);
  const known = gathered.categories.find(name);
  if (known !== undefined) return { categoryId: known, name };
  if (name === '') problems.add('category', 'Name the category that the product belongs to; a new one is created.');
  else if (!isPrintable(name)) problems.add('category', unprintable);
  else if (Array.from(name).length > 40 || name.length > 40)
    problems.add('category', 'A category has 1 to 40 characters.');
  else if (gathered.categories.size >= categoriesMax)
    problems.add('category', `A store has at most ${categoriesMax} categories.`);
  else return { categoryId: gathered.categories.freeId(name), name };
  return undefined;
}

function readJson(content: string, known: KnownCatalogue): CatalogueReading {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    const detail = error instanceof Error ? shorten(error.message, 120) : '';
    return { unreadable: `The file is not valid JSON: ${detail}` };
  }
  const parts: Readonly<Record<string, unknown>> | undefined = Array.isArray(value)
    ? { products: value }
    : asRecord(value);
  const names = ['taxClasses', 'categories', 'modifierGroups', 'products'] as const;
  if (!parts || !names.some((name) => name in parts)) {
    return { unreadable: 'The file must hold a list of products, or an object with "products" in it.' };
  }
  const lists: Record<string, unknown[]> = {};
  for (const name of names) {
    const list = parts[name] ?? [];
    if (!Array.isArray(list)) return { unreadable: `"${name}" must be a list.` };
    lists[name] = list;
  }
  if ((lists['products'] ?? []).length > productsMax) return tooMany;

  const gathered = gather(known);
  const { catalogue } = gathered;
  for (const [index, draft] of (lists['taxClasses'] ?? []).entries()) {
    const taxClass = takePart('taxClasses', index, draft, taxClassSchema, gathered, (each, problems) => {
      if (each.rate.numerator < 0) problems.add('rate', 'A tax rate is not negative.');
      if (!isPrintable(each.name + each.mark)) problems.add('name', unprintable);
      claim(gathered.taxClasses, each.taxClassId, each.name, taxClassesMax, problems);
    });
    if (taxClass) catalogue.taxClasses.push(taxClass);
  }
  for (const [index, draft] of (lists['categories'] ?? []).entries()) {
    const category = takePart('categories', index, draft, categorySchema, gathered, (each, problems) => {
      if (!isPrintable(each.name)) problems.add('name', unprintable);
      claim(gathered.categories, each.categoryId, each.name, categoriesMax, problems);
    });
    if (category) catalogue.categories.push(category);
  }
  for (const [index, draft] of (lists['modifierGroups'] ?? []).entries()) {
    const group = takePart('modifierGroups', index, draft, modifierGroupSchema, gathered, (each, problems) => {
      judgeModifierGroup(each, problems);
      claim(gathered.modifierGroups, each.modifierGroupId, each.name, modifierGroupsMax, problems);
    });
    if (group) catalogue.modifierGroups.push(group);
  }
  for (const [index, draft] of (lists['products'] ?? []).entries()) {
    const fields = asRecord(draft);
    const row = index + 1;
    if (fields) takeProduct({ barcodes: [], modifierGroupIds: [], ...fields }, row, new Problems(), gathered);
    else gathered.refused.push({ row, field: 'row', problem: 'A product must be an object with its fields in it.' });
  }
  return { catalogue, refused: gathered.refused };
}

function judgeModifierGroup({ name, min, max, modifiers }: ModifierGroup, problems: Problems): void {
  if (![name, ...modifiers.map((modifier) => modifier.name)].every(isPrintable)) problems.add('name', unprintable);
  if (min > max) problems.add('min', '"min" must not be greater than "max".');
  if (min > modifiers.length) problems.add('min', '"min" asks for more modifiers than the group has.');
  if (new Set(modifiers.map(({ modifierId }) => modifierId)).size < modifiers.length) {
    problems.add('modifiers', 'Two modifiers share one modifierId.');
  }
  if (modifiers.some(({ price }) => Math.abs(price) > modifierPriceMax))
    problems.add('modifiers', 'A price is too large.');
}

/** A tax class, category or modifier group of a JSON file. Undefined where it was refused. */
function takePart<Schema extends z.ZodType>(
  part: 'taxClasses' | 'categories' | 'modifierGroups',
  index: number,
  draft: unknown,
  schema: Schema,
  gathered: Gathered,
  judge: (value: z.infer<Schema>, problems: Problems) => void,
): z.infer<Schema> | undefined {
  const problems = new Problems();
  const parsed = schema.safeParse(draft);
  if (parsed.success) judge(parsed.data, problems);
  else for (const { path, message } of parsed.error.issues) problems.add(path.join('.'), `${message}.`);
  if (parsed.success && problems.isEmpty) return parsed.data;
  const field = problems.field === '' ? `${part}[${index}]` : `${part}[${index}].${problems.field}`;
  gathered.refused.push({ row: 0, field, problem: problems.text });
  return undefined;
}

/** Notes an id that the file brings, once. One that the store has already is brought anew: that changes it. */
function claim(names: Names, id: string, name: string, most: number, problems: Problems): void {
  if (names.isBrought(id)) problems.add('', `The id "${shorten(id)}" is used twice in this file.`);
  else if (!names.has(id) && names.size >= most) problems.add('', `A store has at most ${most} of these.`);
  else if (problems.isEmpty) names.add(id, name);
}

/** Fields of a product as the file calls them, and what each must be. */
const expectations = {
  productId: ['sku', 'must be a SKU of 1 to 64 characters'],
  name: ['name', 'must have 1 to 120 characters'],
  keywords: ['keywords', 'must have at most 200 characters'],
  barcodes: ['barcodes', 'must be at most 20 codes, each of 1 to 64 plain letters, digits and signs without spaces'],
  categoryId: ['category', 'must name a category by its id'],
  price: ['price', 'must be a whole number of minor units, 0 or more'],
  taxClassId: ['tax_class', 'must name a tax class by its id'],
  modifierGroupIds: ['modifiers', 'must be at most 12 ids of modifier groups'],
  colour: ['colour', 'must be like #c0ffee: a # and six digits or letters a to f'],
  image: ['image', 'must be a path below the image folder, or a data URL of an image of at most 64 KiB'],
  quickKey: ['quick_key', 'must be a whole number, 0 or more'],
} as const satisfies Record<keyof Product, readonly [field: Column, expectation: string]>;

/** Takes a draft as a product where it is one and where nothing else has its SKU or barcodes; else refuses its row. */
function takeProduct(draft: object, row: number, problems: Problems, gathered: Gathered, brought?: Category): boolean {
  const parsed = productSchema.safeParse(draft);
  for (const { path } of parsed.error?.issues ?? []) {
    const [field, expectation] = expectations[path[0] as keyof Product] ?? ['row', 'cannot be read'];
    if (!problems.has(field)) problems.add(field, `"${field}" ${expectation}.`);
  }
  const product = parsed.success
    ? { ...parsed.data, name: tidy(parsed.data.name), keywords: tidy(parsed.data.keywords) }
    : undefined;
  if (product) judgeProduct(product, problems, gathered, brought);
  if (product && problems.isEmpty) {
    gathered.rows.set(product.productId, row);
    for (const barcode of product.barcodes) gathered.barcodes.set(barcode, product);
    gathered.catalogue.products.push(product);
    return true;
  }
  const sku = 'productId' in draft && typeof draft.productId === 'string' ? shorten(draft.productId, 64) : '';
  const { field, text } = problems;
  gathered.refused.push(sku === '' ? { row, field, problem: text } : { row, productId: sku, field, problem: text });
  return false;
}

function judgeProduct(product: Product, problems: Problems, gathered: Gathered, brought?: Category): void {
  const { productId, name, keywords, categoryId, taxClassId, modifierGroupIds, price, barcodes, image } = product;
  if (productId !== productId.trim() || !isPrintable(productId)) problems.add('sku', unprintable);
  if (name === '') problems.add('name', 'Give the product a name.');
  if (!isPrintable(name)) problems.add('name', unprintable);
  if (!isPrintable(keywords)) problems.add('keywords', unprintable);
  if (price > priceMax) problems.add('price', 'The price is too large.');
  if (categoryId !== brought?.categoryId && !gathered.categories.has(categoryId)) {
    problems.add('category', notKnown('category', categoryId, gathered.categories));
  }
  if (!gathered.taxClasses.has(taxClassId)) {
    problems.add('tax_class', notKnown('tax class', taxClassId, gathered.taxClasses));
  }
  const strange = modifierGroupIds.find((id) => !gathered.modifierGroups.has(id));
  if (strange !== undefined) problems.add('modifiers', notKnown('modifier group', strange, gathered.modifierGroups));
  if (image !== undefined && !isImage(image)) problems.add('image', `"image" ${expectations.image[1]}.`);

  const sameSku = gathered.rows.get(productId);
  if (sameSku !== undefined) problems.add('sku', `The SKU "${productId}" is used in row ${sameSku} already.`);
  for (const barcode of barcodes) {
    const other = gathered.barcodes.get(barcode);
    if (!other) continue;
    problems.add(
      'barcodes',
      `The barcode ${barcode} belongs to "${shorten(other.name)}" (SKU ${other.productId}) already.`,
    );
  }
}

/** Minor units, or what is wrong with the notation. */
function priceOf(text: string, currency: Currency): number | string {
  const plain = text.normalize('NFKC').trim();
  const exponent = exponentOf(currency);
  const example = exponent === 0 ? '1200' : `1200.${'50'.padEnd(exponent, '0')}`;
  if (plain === '') return 'Give a price. Write 0 for a product that costs nothing.';
  const decimals = exponent === 0 ? 'no decimal places' : `at most ${exponent} decimal places`;
  // 1.200 is a price in Kuwait, twelve hundred in Berlin, and a parser would make it 1 yen.
  if (exponent !== 3 && /^[+-]?\d{1,3}\.\d{3}$/.test(plain)) {
    return `${currency} has ${decimals}, and thousands are not separated: write the price like ${example}.`;
  }
  if (/^[+-]?\d{1,3}([,.' ]\d{3})+([.,]\d+)?$/.test(plain) && !/^[+-]?\d+\.\d+$/.test(plain)) {
    return `Write the price without separators between thousands, like ${example}.`;
  }
  if (/^[+-]?\d+,\d+$/.test(plain)) return `Write a point, not a comma, before decimals, like ${example}.`;
  const price = parseDecimal(plain, currency);
  if (price && price.amount < 0) return 'A price is not negative. Give a discount on the bill instead.';
  if (price && price.amount > priceMax) return 'The price is too large.';
  if (price) return price.amount;
  if (/^[+-]?\d+\.\d+$/.test(plain)) return `${currency} has ${decimals}: write the price like ${example}.`;
  return `Write the price as a plain number without a currency sign, like ${example}.`;
}

/** An image that a page may show: nothing that leaves the image folder, and no address elsewhere. */
function isImage(image: string): boolean {
  if (image.startsWith('data:')) return /^data:image\/(png|jpeg|webp|gif|avif|svg\+xml)[;,]/.test(image);
  return isPrintable(image) && !/[\\:?#%]|^\/|^$/.test(image) && !image.split('/').includes('..');
}

/** Where the file's rows come together. */
interface Gathered {
  readonly catalogue: Catalogue;
  readonly refused: RefusedRow[];
  /** The row that has each SKU. */
  readonly rows: Map<string, number>;
  /** The product that has each barcode. */
  readonly barcodes: Map<string, Product>;
  readonly taxClasses: Names;
  readonly categories: Names;
  readonly modifierGroups: Names;
}

function gather(known: KnownCatalogue): Gathered {
  return {
    catalogue: { taxClasses: [], categories: [], modifierGroups: [], products: [] },
    refused: [],
    rows: new Map(),
    barcodes: new Map(),
    taxClasses: new Names(known.taxClasses.map(({ taxClassId, name }) => [taxClassId, name])),
    categories: new Names(known.categories.map(({ categoryId, name }) => [categoryId, name])),
    modifierGroups: new Names(known.modifierGroups.map(({ modifierGroupId, name }) => [modifierGroupId, name])),
  };
}

/** Ids and names of one kind of thing, to refer to by either. An id wins over a name, an earlier name over a later. */
class Names {
  readonly #ids = new Map<string, string>();
  readonly #byFolded = new Map<string, string>();
  readonly #brought = new Set<string>();

  constructor(known: readonly (readonly [id: string, name: string])[]) {
    for (const [id, name] of known) this.#note(id, name);
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  isBrought(id: string): boolean {
    return this.#brought.has(id);
  }

  /** The id of what has this id or this name, whatever the case and width of its letters. */
  find(text: string): string | undefined {
    return this.#ids.has(text) ? text : this.#byFolded.get(folded(text));
  }

  /** Notes what the file brings. False where it was known already. */
  add(id: string, name: string): boolean {
    const isNew = !this.#ids.has(id);
    this.#brought.add(id);
    if (isNew) this.#note(id, name);
    return isNew;
  }

  /** An id that nothing has, the same each time: made from the name. */
  freeId(name: string): string {
    const stem = Array.from(folded(name).replace(/\s/g, '-')).slice(0, 12).join('');
    let id = stem;
    for (let number = 2; this.#ids.has(id); number++) id = `${stem}-${number}`;
    return id;
  }

  list(): string {
    const ids = [...this.#ids.keys()];
    return ids.length > 8 ? `${ids.slice(0, 8).join(', ')}, …` : ids.join(', ');
  }

  #note(id: string, name: string): void {
    this.#ids.set(id, name);
    for (const key of [folded(id), folded(name)]) if (!this.#byFolded.has(key)) this.#byFolded.set(key, id);
  }
}

/** What is wrong with one row: the first field, and all sentences. */
class Problems {
  readonly #sentences = new Map<string, string>();

  get isEmpty(): boolean {
    return this.#sentences.size === 0;
  }

  get field(): string {
    return this.#sentences.keys().next().value ?? '';
  }

  get text(): string {
    return [...this.#sentences.values()].join(' ');
  }

  has(field: string): boolean {
    return this.#sentences.has(field);
  }

  add(field: string, sentence: string): void {
    const before = this.#sentences.get(field);
    this.#sentences.set(field, before === undefined ? sentence : `${before} ${sentence}`);
  }
}

const tooMany: CatalogueReading = {
  unreadable: `The file has more than ${productsMax} products: divide it into several files.`,
};

const unprintable =
  'This has characters that cannot be shown or printed. Save the file as UTF-8, and remove line ends and control characters.';

function notKnown(kind: string, text: string, names: Names): string {
  const which = names.size === 0 ? 'The store has none yet.' : `Known: ${names.list()}.`;
  return text === '' ? `Name the ${kind}. ${which}` : `There is no ${kind} "${shorten(text)}". ${which}`;
}

/** On one line, with single spaces. */
function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Without control characters, halves of surrogate pairs, and the mark that stands for a byte that was not UTF-8. */
function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/[\p{Cc}\ufffd\u2028\u2029]/u.test(text);
}

function folded(text: string): string {
  return tidy(text.normalize('NFKC')).toLowerCase();
}

function shorten(text: string, most = 40): string {
  const characters = Array.from(text.slice(0, most + 1).toWellFormed());
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : characters.join('');
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
