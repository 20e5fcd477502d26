import { type Json, listAt, numberAt } from './json.ts';
import { done, money, newId, type Person, type Terminal, type Town } from './town.ts';

/** What differs from: the first of the people pays for all of them. */
interface GroupOptions {
  readonly amount?: number;
  readonly settlementId?: string;
  readonly checkId?: string;
  readonly guests?: readonly Json[];
  readonly adjustments?: readonly Json[];
  readonly covers?: readonly string[];
  readonly payer?: string;
}

/** A group whose guests are `g0`, `g1` and so on, in the order of the people; the first pays where nothing else is said. */
export async function payGroup(
  till: Terminal,
  payer: Person,
  people: readonly Person[],
  lines: readonly Json[],
  options: GroupOptions = {},
): Promise<Json> {
  const { guests = await guestsOf(people), adjustments, covers, ...rest } = options;
  const group = {
    guests,
    lines,
    payer: rest.payer ?? 'g0',
    ...(adjustments === undefined ? {} : { adjustments }),
    ...(covers === undefined ? {} : { covers }),
  };
  const amount = rest.amount ?? lines.reduce<number>((sum, one) => sum + numberAt(one, 'amount'), 0);
  const { settlementId = newId(), checkId = newId() } = rest;
  return done(till.pay(await payer.showCode(), amount, { settlementId, checkId, group }));
}

export function line(
  lineId: string,
  amount: number,
  consumers: readonly string[] = [],
  more: Record<string, Json> = {},
) {
  return { lineId, name: lineId, amount, consumers: consumers.map((guestId) => ({ guestId })), ...more };
}

/** As a till names them that has just read their codes. */
export async function guestsOf(people: readonly Person[]): Promise<{ guestId: string; token: string }[]> {
  return Promise.all(people.map(async (person, index) => ({ guestId: `g${index}`, token: await person.showCode() })));
}

export function openFriends(town: Town, balance: number): Promise<[Person, Person, Person]> {
  const open = (name: string) => town.openPerson(name, { balance });
  return Promise.all([open('Aoi Abe'), open('Ben Berg'), open('Chie Chiba')]);
}

export async function paymentsOf(person: Person): Promise<readonly Json[]> {
  return listAt(await done(person.ask('listGroupPayments')), 'groupPayments');
}

/** What is open between a person and each other one. */
export async function owes(person: Person): Promise<readonly Json[]> {
  return listAt(await done(person.ask('listBalances')), 'people');
}

export function repay(
  person: Person,
  allotmentId: string,
  amount: number,
  { repaymentId = newId(), pin = person.pin }: { readonly repaymentId?: string; readonly pin?: string } = {},
) {
  return person.ask('putRepayment', { params: { allotmentId, repaymentId }, body: { amount: money(amount), pin } });
}
