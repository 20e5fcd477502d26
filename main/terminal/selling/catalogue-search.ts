import type { Product } from '#contract/catalogue.ts';
import type { ProductId } from '#contract/ids.ts';

/**
 * Finds products by what a person types: an index in memory, derived from the catalogue and never stored.
 *
 * Each product is one folded text. For every run of one, two and three characters the index knows the products that
 * have it, so a query looks only at products that have all runs of its words, and reads those to be sure. What the index
 * says may be too much (runs share a slot, a changed product stays in its old ones), never too little.
 */
export interface CatalogueSearch {
  /**
   * The products whose name, keywords, SKU and barcodes together contain every word of the text, best first: a SKU or
   * barcode that is the text, a name that is the text, names that start with it, then those where every word starts a
   * word, then the rest. Equals keep the order in which the products were put. Empty text finds everything.
   *
   * @param limit at most this many are returned
   * @returns `total` counts no further than `countedMax`
   */
  search(text: string, limit: number): { readonly productIds: ProductId[]; readonly total: number };
  /** Adds products, or replaces those of the same SKU in their place. A few take well under a millisecond. */
  put(products: readonly Product[]): void;
  remove(productIds: readonly ProductId[]): void;
  /** How many products can be found. */
  readonly size: number;
}

/** Matches beyond this are not counted: a screen says "1,000 or more". */
export const countedMax = 1_000;

/** Longer texts are cut: nobody types them. */
const searchTextMax = 100;

/** Products that have one run of characters: positions in ascending order, or one bit for each product when many. */
type Posting = number[] | Uint32Array;

/** Beyond this many, bits are smaller and faster than a list. */
const listMax = 1_024;

/** Slots for runs of characters. A power of two. */
const slotCount = 1 << 17;

export function openSearch(products: readonly Product[]): CatalogueSearch {
  const postings: (Posting | undefined)[] = Array.from({ length: slotCount });
  const positions = new Map<ProductId, number>();
  const productIds: ProductId[] = [];
  /** The folded text of each position; empty where the product was removed. */
  const texts: string[] = [];
  /** Positions by folded SKU and barcode. */
  const codes = new Map<string, number[]>();

  put(products);
  return {
    search,
    put,
    remove,
    get size() {
      return positions.size;
    },
  };

  function search(text: string, limit: number): { productIds: ProductId[]; total: number } {
    const folded = fold(text.slice(0, searchTextMax));
    const words = folded === '' ? [] : folded.split(' ');
    const found = new Set<number>();
    for (const position of codes.get(folded) ?? []) {
      if (hasCode(position, folded)) found.add(position);
    }
    if (words.length === 0) collect([], found);
    else {
      collect([`\n ${folded} \n`], found);
      collect([`\n ${folded}`], found);
      collect(
        words.map((word) => ` ${word}`),
        found,
      );
      collect(words, found);
    }
    const best = Iterator.from(found).take(Math.max(limit, 0)).map(productIdAt).toArray();
    return { productIds: best, total: Math.min(found.size, countedMax) };
  }

  /** Adds, in order of position, the products whose text contains all patterns, until enough are found. */
  function collect(patterns: readonly string[], found: Set<number>): void {
    for (const position of candidatesFor(patterns)) {
      if (found.size >= countedMax) return;
      const text = texts[position];
      if (text && patterns.every((pattern) => text.indexOf(pattern) >= 0)) found.add(position);
    }
  }

  /** Positions that may contain all patterns, ascending: none that does is left out. */
  function candidatesFor(patterns: readonly string[]): Iterable<number> {
    const dense: Uint32Array[] = [];
    let sparse: number[] | undefined;
    for (const slot of new Set(patterns.flatMap(slotsOf))) {
      const posting = postings[slot];
      if (!posting) return [];
      if (!Array.isArray(posting)) dense.push(posting);
      else if (!sparse || posting.length < sparse.length) sparse = posting;
    }
    if (sparse) return sparse;
    return dense.length === 0 ? texts.keys() : common(dense);
  }

  function put(changed: readonly Product[]): void {
    for (const product of changed) {
      const known = positions.get(product.productId);
      const position = known ?? texts.length;
      positions.set(product.productId, position);
      productIds[position] = product.productId;
      const text = textOf(product);
      texts[position] = text;
      index(text, position);
      for (const code of codesOf(product)) {
        const others = codes.get(code);
        if (!others) codes.set(code, [position]);
        else if (!others.includes(position)) others.push(position);
      }
    }
  }

  function remove(gone: readonly ProductId[]): void {
    for (const productId of gone) {
      const position = positions.get(productId);
      if (position === undefined) continue;
      positions.delete(productId);
      texts[position] = '';
    }
  }

  function index(text: string, position: number): void {
    let [before, last] = [0, 0];
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      note(slotOf(0, 0, unit), position);
      if (at > 0) note(slotOf(0, last, unit), position);
      if (at > 1) note(slotOf(before, last, unit), position);
      [before, last] = [last, unit];
    }
  }

  function note(slot: number, position: number): void {
    const posting = postings[slot];
    if (!posting) postings[slot] = [position];
    else if (!Array.isArray(posting)) postings[slot] = withBit(posting, position);
    else if (posting.length >= listMax) postings[slot] = withBit(bitsOf(posting), position);
    else insert(posting, position);
  }

  /** A code that a changed product no longer has may still lead to it. */
  function hasCode(position: number, code: string): boolean {
    return (texts[position] ?? '').includes(` ${code} `);
  }

  function productIdAt(position: number): ProductId {
    const productId = productIds[position];
    if (productId === undefined) throw new RangeError('a position found has a product');
    return productId;
  }
}

/**
 * The form in which texts are compared: NFKC, without case and accents (of Latin letters; か and が stay two), katakana
 * as hiragana, single spaces.
 */
export function fold(text: string): string {
  const plain = isAscii.test(text)
    ? text.toLowerCase()
    : text
        .normalize('NFKD')
        .replace(/[\u0300-\u036f]/g, '')
        .normalize('NFKC')
        .toLowerCase()
        .replace(/[\u30a1-\u30f6\u30fd\u30fe]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60));
  return plain.replace(/\s+/g, ' ').trim();
}

// oxlint-disable-next-line no-control-regex -- ASCII begins with the control characters
const isAscii = /^[\x00-\x7f]*$/;

/** A line feed marks the start and the end of the name, a space the start of each word: see the patterns searched. */
function textOf(product: Product): string {
  return `\n ${fold(product.name)} \n ${[fold(product.keywords), ...codesOf(product)].join(' ')} `;
}

function codesOf(product: Product): string[] {
  return [fold(product.productId), ...product.barcodes.map(fold)];
}

/** The longest runs that a pattern consists of. */
function slotsOf(pattern: string): number[] {
  const unit = (at: number) => (at < 0 ? 0 : pattern.charCodeAt(at));
  if (pattern.length < 3) return [slotOf(0, unit(pattern.length - 2), unit(pattern.length - 1))];
  return Array.from({ length: pattern.length - 2 }, (_, at) => slotOf(unit(at), unit(at + 1), unit(at + 2)));
}

/** Where a run of UTF-16 units is noted; shorter runs have zeros in front. A multiplicative hash spreads them. */
function slotOf(first: number, second: number, third: number): number {
  return Math.imul(Math.imul(Math.imul(first, 0x9e3b) + second, 0x85eb) + third, 0x9e3779b1) >>> 15;
}

/** Keeps the list ascending and free of doubles. */
function insert(list: number[], position: number): void {
  let at = list.length;
  while (at > 0 && (list[at - 1] ?? 0) > position) at--;
  if (at > 0 && list[at - 1] === position) return;
  if (at === list.length) list.push(position);
  else list.splice(at, 0, position);
}

function bitsOf(list: readonly number[]): Uint32Array {
  return list.reduce<Uint32Array>(withBit, new Uint32Array(0));
}

/** The same bits with one more set; a longer array where it did not fit. */
function withBit(bits: Uint32Array, position: number): Uint32Array {
  const word = position >>> 5;
  let wide = bits;
  if (word >= bits.length) {
    wide = new Uint32Array(Math.max(word + 1, bits.length * 2));
    wide.set(bits);
  }
  wide[word] = (wide[word] ?? 0) | (1 << (position & 31));
  return wide;
}

/** Positions whose bit is set everywhere, ascending. */
function* common(sets: readonly Uint32Array[]): Generator<number> {
  const words = Math.min(...sets.map(({ length }) => length));
  for (let word = 0; word < words; word++) {
    let bits = -1;
    for (const set of sets) bits &= set[word] ?? 0;
    while (bits !== 0) {
      const bit = 31 - Math.clz32(bits & -bits);
      yield word * 32 + bit;
      bits &= bits - 1;
    }
  }
}
