import { z } from 'zod';
import { staffIdSchema } from './ids.ts';

/** The person signed in. A PIN has 4 to 8 digits and is known to nobody but its owner. */
export const pinSchema = z.string().regex(/^\d{4,8}$/, 'a PIN is 4 to 8 digits');
export const roleSchema = z.enum(['cashier', 'floor', 'manager', 'owner']);

export const staffSchema = z.object({
  staffId: staffIdSchema,
  name: z.string().min(1).max(40),
  role: roleSchema,
  /** So that the last digit signs in, without Enter. */
  pinLength: z.int().min(4).max(8),
  colour: z.string(),
});

/** Wrong PINs: the first ones cost nothing, then each costs a longer wait. Survives a restart. */
export const freePinTries = 3;
export const pinWaitsMs = [5_000, 15_000, 30_000, 60_000, 120_000, 300_000] as const;
/** After this many wrong PINs in a row the wait is `pinLockMs`. */
export const pinTriesUntilLock = 10;
export const pinLockMs = 900_000;

export type Role = z.infer<typeof roleSchema>;
export type Staff = z.infer<typeof staffSchema>;
