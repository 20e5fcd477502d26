import { staffIdSchema } from '#contract/ids.ts';
import type { StoreSetup } from '../terminal/settings.ts';
import { demoCatalogue } from './catalogue.ts';

/** The café that an empty terminal opens with: a store, three people with their PINs, and a menu. All of it is made up. */
export const demoSetup: StoreSetup = {
  settings: {
    store: {
      name: 'Kissa Warikan',
      address: ['1-2-3 Kanda Jimbocho, Chiyoda-ku', 'Tokyo 101-0051', 'Tel. 03-0000-0000'],
      taxNumber: 'T0000000000000',
      currency: 'JPY',
      timeZone: 'Asia/Tokyo',
      language: 'en',
      cashRounding: { increment: 1, rounding: 'halfUp' },
      denominations: [10_000, 5_000, 1_000, 500, 100, 50, 10, 5, 1],
      receiptFooter: ['Thank you for your visit', 'またのお越しをお待ちしております'],
    },
    // Each rate is rounded once per bill, down, as most shops in Japan do.
    taxSetting: { rounding: 'down', roundedPer: 'check' },
    terminalNumber: '01',
    isDemo: true,
  },
  roster: [
    { staffId: staffIdSchema.parse('aoi'), name: 'Aoi', role: 'manager', colour: '#7a4e9f', pin: '2580' },
    { staffId: staffIdSchema.parse('ren'), name: 'Ren', role: 'cashier', colour: '#2a6f97', pin: '1470' },
    { staffId: staffIdSchema.parse('mei'), name: 'Mei', role: 'floor', colour: '#3f7d4e', pin: '3690' },
  ],
  catalogue: demoCatalogue,
};
