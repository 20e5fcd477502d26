import { z } from 'zod';

/**
 * A receipt, free of any printer: what stands on the paper, line by line.
 *
 * Renderers map it to plain text, SVG or a printer's bytes. It is made once, from the sale, in the commit that closes
 * the sale, and kept: a reprint shows the same lines with a copy mark.
 */
export const receiptElementSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('text'),
    text: z.string(),
    align: z.enum(['left', 'centre', 'right']).default('left'),
    emphasis: z.enum(['none', 'bold', 'large']).default('none'),
  }),
  /** One printed line: something at the left margin, something at the right. */
  z.object({
    type: z.literal('row'),
    left: z.string(),
    right: z.string(),
    emphasis: z.enum(['none', 'bold', 'large']).default('none'),
    indent: z.int().nonnegative().default(0),
  }),
  z.object({ type: z.literal('rule') }),
  z.object({ type: z.literal('space') }),
  z.object({ type: z.literal('qr'), text: z.string().max(512) }),
  z.object({ type: z.literal('barcode'), text: z.string().max(40) }),
  z.object({ type: z.literal('cut') }),
]);

export const receiptDocumentSchema = z.object({
  language: z.enum(['en', 'ja']),
  title: z.string(),
  elements: z.array(receiptElementSchema),
});

export type ReceiptElement = z.infer<typeof receiptElementSchema>;
export type ReceiptDocument = z.infer<typeof receiptDocumentSchema>;
