import { expect, test } from 'vitest';
import { newId, settlementOf } from '#test/support/small-bank.ts';
import { openBookkeeper, Overloaded } from '#wallet/server/group-commit.ts';
import type { Command, Outcome } from '#wallet/server/ledger/ledger.ts';

/** A ledger that answers when the test says so. */
function heldLedger(lanes?: number) {
  const open: { readonly commands: readonly Command[]; readonly finish: () => void }[] = [];
  const book = (commands: readonly Command[]): Promise<readonly Outcome[]> =>
    new Promise((resolve) => {
      open.push({ commands, finish: () => resolve(commands.map(() => ({ type: 'reversed' }))) });
    });
  return { open, ledger: lanes === undefined ? { book } : { book, lanes } };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const even = newId().replace(/.$/, '0');
const odd = newId().replace(/.$/, '1');
const pay = (walletId: string): Command => settlementOf({ walletId, amount: 1 });

test('what arrives while a list is on its way makes up the next one', async () => {
  const { open, ledger } = heldLedger();
  const keeper = openBookkeeper(ledger);
  const commands = Array.from({ length: 5 }, () => pay(newId()));

  const answers = [keeper.book(commands[0] ?? pay(even))];
  await turn();
  answers.push(...commands.slice(1).map((command) => keeper.book(command)));
  await turn();
  expect(open.map((list) => list.commands.length)).toEqual([1]);
  open[0]?.finish();
  await answers[0];
  await turn();
  open[1]?.finish();

  await Promise.all(answers);
  expect(open.flatMap((list) => list.commands)).toEqual(commands);
});

test('each wallet belongs to one lane, where its commands stay in order; another lane does not wait for it', async () => {
  const { open, ledger } = heldLedger(2);
  const keeper = openBookkeeper(ledger);
  const [first, second, third, other] = [pay(even), pay(even), pay(even), pay(odd)];

  const answers = [keeper.book(first)];
  await turn();
  answers.push(keeper.book(second), keeper.book(third), keeper.book(other));
  await turn();
  expect(open.map((list) => list.commands)).toEqual([[first], [other]]);
  open[0]?.finish();
  await answers[0];
  await turn();

  expect(open.map((list) => list.commands)).toEqual([[first], [other], [second, third]]);
  for (const list of open) list.finish();
  await Promise.all(answers);
  await keeper.close();
});

test('more than can wait are refused, and those that wait are booked before it closes', async () => {
  const { open, ledger } = heldLedger(2);
  const keeper = openBookkeeper(ledger);
  const accepted = Array.from({ length: 2_048 }, () => keeper.book(pay(even)));

  await expect(keeper.book(pay(odd))).rejects.toThrow(Overloaded);

  const closed = keeper.close();
  await expect(keeper.book(pay(odd))).rejects.toThrow(Overloaded);
  let done = 0;
  while (done < accepted.length) {
    await turn();
    const list = open.shift();
    list?.finish();
    done += list?.commands.length ?? 0;
  }
  await closed;
  expect(await Promise.all(accepted)).toHaveLength(2_048);
});
