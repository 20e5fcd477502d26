import { expect, test } from 'vitest';
import { type Till, cake, cashier, latte, openTill, owner, refusalOf } from '#test/support/open-till.ts';

const header = 'sku,name,barcodes,category,price,tax_class';

async function openShop(): Promise<Till> {
  const till = await openTill();
  await till.client.staff.signIn(owner);
  return till;
}

function importCsv(till: Till, rows: readonly string[], isTrial = false) {
  return till.client.catalogue.import({ format: 'csv', content: [header, ...rows].join('\n'), isTrial });
}

test('a price that was imported is what the next scan adds, and a line on the bill keeps its own', async () => {
  const till = await openShop();
  await till.scan(cake);

  const report = await importCsv(till, [`cake,Cake,${cake},Food,350,reduced`]);
  await till.scan(cake);

  expect([report, (await till.front()).lines.map(({ quantity, unitPrice }) => [quantity, unitPrice.amount])]).toEqual([
    { added: 0, changed: 1, unchanged: 0, refused: [] },
    [
      [1, 300],
      [1, 350],
    ],
  ]);
});

test('a product that was imported can be scanned, searched and touched at once', async () => {
  const till = await openShop();
  expect((await till.client.catalogue.search({ text: 'castella', limit: 10 })).total).toBe(0);

  await importCsv(till, ['castella,Castella,4569951000038,Food,420,reduced']);

  const found = await till.client.catalogue.search({ text: 'cast', limit: 10 });
  const page = await till.client.catalogue.page({ categoryId: 'food', offset: 0, limit: 10 });
  expect([
    await till.scan('4569951000038'),
    found.products.map(({ productId }) => productId),
    page.products.map(({ productId }) => productId),
  ]).toEqual([
    expect.objectContaining({ type: 'added', name: 'Castella' }),
    ['castella'],
    ['latte', 'cake', 'bread', 'castella'],
  ]);
});

test('a barcode that moved to another product is scanned as that one', async () => {
  const till = await openShop();
  await till.scan(cake);

  await importCsv(till, [`cake,Cake,,Food,300,reduced`, `latte,Latte,${latte}|${cake},Food,500,standard`]);

  expect(await till.scan(cake)).toMatchObject({ type: 'added', name: 'Latte' });
});

test('a trial says what would happen and changes nothing', async () => {
  const till = await openShop();

  const report = await importCsv(till, [`cake,Cake,${cake},Food,350,reduced`, 'x,X,,Food,abc,reduced'], true);

  expect([report.changed, report.refused.length, await till.scan(cake)]).toEqual([
    1,
    1,
    expect.objectContaining({ type: 'added', name: 'Cake' }),
  ]);
  expect((await till.front()).lines[0]?.unitPrice.amount).toBe(300);
});

test('a barcode that another product holds is refused, with that product’s name', async () => {
  const till = await openShop();

  const { added, refused } = await importCsv(till, [`tart,Tart,${cake},Food,380,reduced`]);

  expect([added, refused[0]?.problem]).toEqual([0, expect.stringContaining('cake')]);
});

test('only a manager or an owner imports', async () => {
  const till = await openTill();
  await till.client.staff.signIn(cashier);

  expect(await refusalOf(importCsv(till, []))).toEqual({ reason: 'notPermitted' });
});
