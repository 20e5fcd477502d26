import { z } from 'zod';
import { productIdSchema } from './ids.ts';
import { amountSchema, ratioSchema } from './money.ts';

/** The nouns of the catalogue (ARTS: item, tax group). Amounts are minor units of the store's currency. */

/** At most this many products in one catalogue, and rows in one import. */
export const productsMax = 200_000;

export const colourSchema = z.string().regex(/^#[0-9a-f]{6}$/);
export const taxClassIdSchema = z.string().min(1).max(32);
export const categoryIdSchema = z.string().min(1).max(32);
export const modifierGroupIdSchema = z.string().min(1).max(32);
export const barcodeSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\x21-\x7e]+$/, 'a barcode is printable ASCII without spaces');

export const taxClassSchema = z.object({
  taxClassId: taxClassIdSchema,
  name: z.string().min(1).max(40),
  rate: ratioSchema,
  /** True: prices contain the tax. False: it is added on top. */
  isIncluded: z.boolean(),
  /** Printed beside a line of this class, for example `※` for a reduced rate. */
  mark: z.string().max(2).default(''),
});

export const categorySchema = z.object({
  categoryId: categoryIdSchema,
  name: z.string().min(1).max(40),
  colour: colourSchema.optional(),
});

export const modifierSchema = z.object({
  modifierId: z.string().min(1).max(32),
  name: z.string().min(1).max(40),
  /** Added to the unit price; may be negative. */
  price: amountSchema,
});

/** A choice that a product offers: `min` to `max` of its modifiers. The first `min` are what a scan chooses. */
export const modifierGroupSchema = z.object({
  modifierGroupId: modifierGroupIdSchema,
  name: z.string().min(1).max(40),
  min: z.int().nonnegative(),
  max: z.int().positive(),
  modifiers: z.array(modifierSchema).min(1).max(40),
});

export const productSchema = z.object({
  /** The SKU. */
  productId: productIdSchema,
  name: z.string().min(1).max(120),
  /** More words to find it by: a reading in kana, another language. */
  keywords: z.string().max(200).default(''),
  barcodes: z.array(barcodeSchema).max(20),
  categoryId: categoryIdSchema,
  price: amountSchema.nonnegative(),
  taxClassId: taxClassIdSchema,
  modifierGroupIds: z.array(modifierGroupIdSchema).max(12),
  colour: colourSchema.optional(),
  /** A path below the store's image folder, or a data URL of at most 64 KiB. */
  image: z.string().max(65_536).optional(),
  /** Position among the quick keys; absent where it is none. */
  quickKey: z.int().nonnegative().optional(),
});

/** A whole catalogue, as JSON import reads it. CSV carries `products` only. */
export const catalogueSchema = z.object({
  taxClasses: z.array(taxClassSchema).max(100),
  categories: z.array(categorySchema).max(1_000),
  modifierGroups: z.array(modifierGroupSchema).max(1_000),
  products: z.array(productSchema).max(productsMax),
});

/** One row of an import that was not taken, and why, in words that help to mend it. */
export const refusedRowSchema = z.object({
  /** 1 for the first row of data; in CSV the header is row 0. */
  row: z.int().nonnegative(),
  productId: z.string().optional(),
  field: z.string(),
  problem: z.string(),
});

export const importReportSchema = z.object({
  added: z.int().nonnegative(),
  changed: z.int().nonnegative(),
  unchanged: z.int().nonnegative(),
  refused: z.array(refusedRowSchema),
});

export type TaxClass = z.infer<typeof taxClassSchema>;
export type Category = z.infer<typeof categorySchema>;
export type Modifier = z.infer<typeof modifierSchema>;
export type ModifierGroup = z.infer<typeof modifierGroupSchema>;
export type Product = z.infer<typeof productSchema>;
export type Catalogue = z.infer<typeof catalogueSchema>;
export type RefusedRow = z.infer<typeof refusedRowSchema>;
export type ImportReport = z.infer<typeof importReportSchema>;
