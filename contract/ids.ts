import { z } from 'zod';

/**
 * Branded ids. An id is made once, by whoever needs the row, stored, and only then sent anywhere.
 *
 * Ids are UUIDv7 (RFC 9562 §5.7): they sort by the time of their making, so a B-tree stays warm, and the id of a
 * money row is its idempotency key for ever.
 */
export const uuidV7Schema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'not a lower-case UUIDv7');

export const orderIdSchema = uuidV7Schema.brand<'OrderId'>();
export const checkIdSchema = uuidV7Schema.brand<'CheckId'>();
export const lineIdSchema = uuidV7Schema.brand<'LineId'>();
export const tenderIdSchema = uuidV7Schema.brand<'TenderId'>();
/** The id of one try to pay. It is the settlement's id at the wallet server too. */
export const attemptIdSchema = uuidV7Schema.brand<'AttemptId'>();
export const saleIdSchema = uuidV7Schema.brand<'SaleId'>();
export const refundIdSchema = uuidV7Schema.brand<'RefundId'>();
export const terminalIdSchema = uuidV7Schema.brand<'TerminalId'>();
export const storeIdSchema = uuidV7Schema.brand<'StoreId'>();
/** A product is known by its SKU: the shop's own key, 1 to 64 characters. */
export const productIdSchema = z.string().min(1).max(64).brand<'ProductId'>();
export const staffIdSchema = z.string().min(1).max(64).brand<'StaffId'>();
/** Given by configuration, for example `scanner` or `scanner-2`. */
export const deviceIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/)
  .brand<'DeviceId'>();

export type OrderId = z.infer<typeof orderIdSchema>;
export type CheckId = z.infer<typeof checkIdSchema>;
export type LineId = z.infer<typeof lineIdSchema>;
export type TenderId = z.infer<typeof tenderIdSchema>;
export type AttemptId = z.infer<typeof attemptIdSchema>;
export type SaleId = z.infer<typeof saleIdSchema>;
export type RefundId = z.infer<typeof refundIdSchema>;
export type TerminalId = z.infer<typeof terminalIdSchema>;
export type StoreId = z.infer<typeof storeIdSchema>;
export type ProductId = z.infer<typeof productIdSchema>;
export type StaffId = z.infer<typeof staffIdSchema>;
export type DeviceId = z.infer<typeof deviceIdSchema>;

/**
 * Lays out a UUIDv7.
 *
 * @param unixMs milliseconds since 1970, 48 bits are used
 * @param random 10 bytes from a secure source
 */
export function uuidV7(unixMs: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(unixMs) << 16n);
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  let hex = '';
  for (const byte of bytes) hex += hexadecimal[byte];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const hexadecimal = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
