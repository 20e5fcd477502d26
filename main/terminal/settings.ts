import { z } from 'zod';
import { catalogueSchema } from '#contract/catalogue.ts';
import { pinSchema, staffSchema } from '#contract/staff.ts';
import { taxSettingSchema } from '#contract/tax.ts';
import { storeSchema } from '#contract/terminal.ts';
import type { Projectors } from './journal/journal.ts';
import type { Reader } from './store/database.ts';
import { sql } from './store/sql.ts';

/** How the store is set up. Changing it is a journal entry like everything that touches money. */
const settingsSchema = z.object({
  store: storeSchema,
  taxSetting: taxSettingSchema,
  /** Stands before each sale number, for example `01`. */
  terminalNumber: z.string().regex(/^[0-9A-Z]{1,8}$/),
  isDemo: z.boolean(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** What an empty terminal begins with. */
export const storeSetupSchema = z.object({
  settings: settingsSchema,
  roster: z.array(staffSchema.omit({ pinLength: true }).extend({ pin: pinSchema })),
  catalogue: catalogueSchema,
});
export type StoreSetup = z.infer<typeof storeSetupSchema>;

export const settingsProjectors: Projectors = {
  'store.configured': (writer, { body }) => {
    const settings = JSON.stringify(settingsSchema.parse(body));
    writer.run(sql`
      INSERT INTO setting (name, value) VALUES ('settings', ${settings})
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`);
  },
};

export function readSettings(reader: Reader): Settings | undefined {
  const row = reader.one(sql`SELECT value FROM setting WHERE name = 'settings'`) as { value: string } | undefined;
  return row && settingsSchema.parse(JSON.parse(row.value));
}
