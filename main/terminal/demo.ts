import type { Money } from '#contract/money.ts';

/** The demo store's customers and its simulated scanner. */
export interface DemoPort {
  customers(): Promise<{ customerId: string; name: string; balance: Money; phoneUrl: string }[]>;
  /** A fresh code from a customer's phone. */
  codeOf(customerId: string): Promise<string>;
  /** Holds a code before the simulated scanner. */
  scan(text: string): void;
}
