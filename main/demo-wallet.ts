import { z } from 'zod';
import { moneySchema } from '#contract/money.ts';

/** The demo server's customers, whose phones the simulated scanner can be shown. */
export interface DemoWallet {
  customers(): Promise<z.infer<typeof customersSchema>>;
  /** A fresh code, as the customer's phone would show it now. */
  codeOf(customerId: string): Promise<string>;
}

const ASK_TIMEOUT_MS = 5_000;
const customersSchema = z
  .array(z.object({ customerId: z.string(), name: z.string(), balance: moneySchema, phoneUrl: z.string() }))
  .max(100);
const codeSchema = z.object({ code: z.string().min(1).max(1_024) });

/** @param walletUrl where the demo server answers; undefined while it does not run */
export function openDemoWallet(walletUrl: () => string | undefined): DemoWallet {
  async function ask(path: string, method: 'GET' | 'POST'): Promise<unknown> {
    const base = walletUrl();
    if (base === undefined) throw new Error('The wallet server is not running.');
    const response = await fetch(new URL(path, base), { method, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`The wallet server has no demo customers (HTTP ${response.status}).`);
    return response.json();
  }
  return {
    async customers() {
      const customers = customersSchema.parse(await ask('/demo/customers', 'GET'));
      return customers.map((customer) => ({ ...customer, phoneUrl: new URL(customer.phoneUrl, walletUrl()).href }));
    },
    async codeOf(customerId) {
      return codeSchema.parse(await ask(`/demo/customers/${encodeURIComponent(customerId)}/code`, 'POST')).code;
    },
  };
}
