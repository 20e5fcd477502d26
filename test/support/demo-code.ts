import { z } from 'zod';

const customersSchema = z.array(z.object({ customerId: z.string(), name: z.string() }));
const codeSchema = z.object({ code: z.string() });

/** What the phone of a demo customer shows now: the text that a scanner reads from it. */
export async function codeOfCustomer(walletUrl: string, name: string): Promise<string> {
  const customers = customersSchema.parse(await (await fetch(`${walletUrl}/demo/customers`)).json());
  const customer = customers.find((one) => one.name.startsWith(name));
  if (customer === undefined) throw new Error(`${name} is a customer of the demo`);
  const answer = await fetch(`${walletUrl}/demo/customers/${customer.customerId}/code`, { method: 'POST' });
  return codeSchema.parse(await answer.json()).code;
}
