import type { Modifier, Product, TaxClass } from '#contract/catalogue.ts';
import { type CheckId, checkIdSchema, lineIdSchema, orderIdSchema } from '#contract/ids.ts';
import { type Money, money } from '#contract/money.ts';
import { type Discount, type LineItem, lineItemsMax, quantityMax } from '#contract/order.ts';
import type { EntryDraft } from '../journal/entry.ts';
import type { Journal } from '../journal/journal.ts';
import type { People } from '../people/staff.ts';
import { Refused } from '../refused.ts';
import type { CatalogueBook } from './catalogue.ts';
import type { CheckRecord, LineChange } from './check-fold.ts';
import type { CheckRows } from './check-rows.ts';

/**
 * The bill in front and those that are parked. At most one is in front: `open` or `paying`, and not set aside.
 * Every verb is one commit, or a refusal that changed nothing.
 */
export interface Checks {
  front(): CheckRecord | undefined;
  addProduct(request: {
    checkId?: CheckId | undefined;
    product: Product;
    quantity: number;
    modifierIds?: readonly string[] | undefined;
  }): { checkId: CheckId; line: LineItem };
  addOpenAmount(request: {
    checkId?: CheckId | undefined;
    name: string;
    amount: Money;
    taxClassId: string;
    quantity: number;
  }): { checkId: CheckId; line: LineItem };
  setQuantity(checkId: string, lineId: string, quantity: number): void;
  setModifiers(checkId: string, lineId: string, modifierIds: readonly string[]): void;
  overridePrice(checkId: string, lineId: string, unitPrice: Money): void;
  discountLine(checkId: string, lineId: string, discount: Discount | null): void;
  discountCheck(checkId: string, discount: Discount | null): void;
  noteLine(checkId: string, lineId: string, note: string): void;
  noteCheck(checkId: string, note: string): void;
  voidLine(checkId: string, lineId: string, reason: string | undefined): void;
  undo(checkId: string): void;
  park(checkId: string, label: string | undefined): void;
  /** @param hasTenders a bill that is partly paid comes back as one being paid */
  recall(checkId: string, hasTenders: boolean): void;
  void(checkId: string, reason: string): void;
  /** The record of a check in front, or a refusal. */
  mustBeInFront(checkId: string): CheckRecord;
}

/** Amounts beyond this are a slip of the finger: a hundred million minor units. */
const priceMax = 100_000_000;

export function openChecks(options: {
  journal: Journal;
  rows: CheckRows;
  catalogue: CatalogueBook;
  people: People;
  newId: () => string;
  currency: string;
}): Checks {
  const { journal, rows, catalogue, people, newId, currency } = options;

  const front = (): CheckRecord | undefined =>
    rows.active().find(({ state, isSetAside }) => !isSetAside && (state === 'open' || state === 'paying'));

  const mustBeInFront = (checkId: string): CheckRecord => {
    const record = front();
    if (record?.checkId === checkId) return record;
    throw new Refused({ reason: rows.find(checkId) ? 'checkNotInFront' : 'checkUnknown' });
  };

  const mustBeOpen = (checkId: string): CheckRecord => {
    people.mustBeSignedIn();
    const record = mustBeInFront(checkId);
    if (record.state !== 'open') throw new Refused({ reason: 'checkFrozen' });
    return record;
  };

  const commit = (drafts: readonly EntryDraft[]): void => {
    journal.commit(drafts, people.mustBeSignedIn().staffId);
  };

  const mustHaveLine = (record: CheckRecord, lineId: string): LineItem => {
    const line = record.lines.find((one) => one.lineId === lineId && !one.isVoided);
    if (!line) throw new Refused({ reason: 'lineUnknown' });
    return line;
  };

  const changeLine = (checkId: string, lineId: string, change: (line: LineItem) => LineChange): void => {
    const line = mustHaveLine(mustBeOpen(checkId), lineId);
    commit([{ type: 'line.changed', checkId, body: { lineId, change: change(line) } }]);
  };

  /** The check to add to, and the entry that opens one where none is in front. */
  const target = (checkId: string | undefined): { record?: CheckRecord; checkId: CheckId; opening: EntryDraft[] } => {
    people.mustBeSignedIn();
    const record = checkId === undefined ? front() : mustBeInFront(checkId);
    if (record) {
      if (record.state !== 'open') throw new Refused({ reason: 'checkFrozen' });
      return { record, checkId: record.checkId, opening: [] };
    }
    const newCheckId = checkIdSchema.parse(newId());
    const orderId = orderIdSchema.parse(newId());
    return { checkId: newCheckId, opening: [{ type: 'check.opened', checkId: newCheckId, body: { orderId } }] };
  };

  const addLine = (line: LineItem, checkId: string | undefined): { checkId: CheckId; line: LineItem } => {
    const place = target(checkId);
    const last = place.record?.lines.at(-1);
    if (last && isSameItem(last, line) && last.quantity + line.quantity <= quantityMax) {
      const quantity = last.quantity + line.quantity;
      const body = { lineId: last.lineId, change: { quantity } };
      commit([{ type: 'line.changed', checkId: place.checkId, body }]);
      return { checkId: place.checkId, line: { ...last, quantity } };
    }
    if ((place.record?.lines.length ?? 0) >= lineItemsMax) throw new Refused({ reason: 'checkFull', lineItemsMax });
    commit([...place.opening, { type: 'line.added', checkId: place.checkId, body: { line } }]);
    return { checkId: place.checkId, line };
  };

  return {
    front,
    mustBeInFront,
    addProduct({ checkId, product, quantity, modifierIds }) {
      const line: LineItem = {
        lineId: lineIdSchema.parse(newId()),
        productId: product.productId,
        categoryId: product.categoryId,
        name: product.name,
        quantity,
        unitPrice: money(product.price, currency),
        modifiers: modifiersOf(catalogue, product, modifierIds),
        taxClass: mustHaveTaxClass(catalogue, product.taxClassId),
        isVoided: false,
      };
      return addLine(line, checkId);
    },
    addOpenAmount({ checkId, name, amount, taxClassId, quantity }) {
      const taxClass = mustHaveTaxClass(catalogue, taxClassId);
      const line: LineItem = {
        lineId: lineIdSchema.parse(newId()),
        name: name === '' ? taxClass.name : name,
        quantity,
        unitPrice: priceInRange(amount, currency),
        modifiers: [],
        taxClass,
        isVoided: false,
      };
      if (line.unitPrice.amount === 0) throw new Refused({ reason: 'amountOutOfRange' });
      return addLine(line, checkId);
    },
    setQuantity(checkId, lineId, quantity) {
      changeLine(checkId, lineId, () => ({ quantity }));
    },
    setModifiers(checkId, lineId, modifierIds) {
      changeLine(checkId, lineId, (line) => {
        const product = line.productId === undefined ? undefined : catalogue.product(line.productId);
        if (!product) throw new Refused({ reason: 'productUnknown' });
        return { modifiers: modifiersOf(catalogue, product, modifierIds) };
      });
    },
    overridePrice(checkId, lineId, unitPrice) {
      const price = priceInRange(unitPrice, currency);
      changeLine(checkId, lineId, (line) => ({ unitPrice: price, listPrice: line.listPrice ?? line.unitPrice }));
    },
    discountLine(checkId, lineId, discount) {
      mustBeReasonable(discount, currency);
      changeLine(checkId, lineId, () => ({ discount }));
    },
    discountCheck(checkId, discount) {
      mustBeReasonable(discount, currency);
      mustBeOpen(checkId);
      commit([{ type: 'check.discounted', checkId, body: { discount } }]);
    },
    noteLine(checkId, lineId, note) {
      changeLine(checkId, lineId, () => ({ note: note.trim() }));
    },
    noteCheck(checkId, note) {
      mustBeOpen(checkId);
      commit([{ type: 'check.noted', checkId, body: { note: note.trim() } }]);
    },
    voidLine(checkId, lineId, reason) {
      mustHaveLine(mustBeOpen(checkId), lineId);
      commit([{ type: 'line.voided', checkId, body: { lineId, reason } }]);
    },
    undo(checkId) {
      const undoes = mustBeOpen(checkId).undoable.at(-1);
      if (undoes === undefined) throw new Refused({ reason: 'nothingToUndo' });
      commit([{ type: 'check.undone', checkId, body: { undoes } }]);
    },
    park(checkId, label) {
      const record = mustBeOpen(checkId);
      if (!hasItems(record)) throw new Refused({ reason: 'checkEmpty' });
      commit([{ type: 'check.parked', checkId, body: { label: label === '' ? undefined : label } }]);
    },
    recall(checkId, hasTenders) {
      people.mustBeSignedIn();
      const record = rows.active().find((one) => one.checkId === checkId);
      if (!record) throw new Refused({ reason: 'checkUnknown' });
      const inFront = front();
      if (inFront?.checkId === checkId) return;
      const makingWay: EntryDraft[] = [];
      if (inFront) {
        if (inFront.state !== 'open' || hasItems(inFront)) throw new Refused({ reason: 'checkInTheWay' });
        makingWay.push({ type: 'check.voided', checkId: inFront.checkId, body: { reason: 'empty' } });
      }
      const isPaying = hasTenders || record.state === 'paying';
      commit([...makingWay, { type: 'check.recalled', checkId, body: { isPaying } }]);
    },
    void(checkId, reason) {
      mustBeOpen(checkId);
      commit([{ type: 'check.voided', checkId, body: { reason } }]);
    },
  };
}

export function hasItems(record: CheckRecord): boolean {
  return record.lines.some((line) => !line.isVoided);
}

/** The same product again, untouched by hand: the line above counts up, so ten scans are one line of ten. */
function isSameItem(last: LineItem, next: LineItem): boolean {
  return (
    next.productId !== undefined &&
    last.productId === next.productId &&
    !last.isVoided &&
    last.discount === undefined &&
    last.note === undefined &&
    last.listPrice === undefined &&
    last.unitPrice.amount === next.unitPrice.amount &&
    last.name === next.name &&
    last.taxClass.taxClassId === next.taxClass.taxClassId &&
    JSON.stringify(last.modifiers) === JSON.stringify(next.modifiers)
  );
}

/** The chosen modifiers of a product; where nobody chose, the first ones of each group that asks for some. */
function modifiersOf(
  catalogue: CatalogueBook,
  product: Product,
  modifierIds: readonly string[] | undefined,
): Modifier[] {
  const groups = catalogue.modifierGroupsOf(product);
  if (!modifierIds) return groups.flatMap(({ modifiers, min }) => modifiers.slice(0, min));
  const wanted = new Set(modifierIds);
  const chosen = groups.flatMap(({ name, min, max, modifiers }) => {
    const picked = modifiers.filter(({ modifierId }) => wanted.delete(modifierId));
    if (picked.length < min || picked.length > max) {
      const count = min === max ? String(min) : `${min} to ${max}`;
      throw new Refused({ reason: 'modifierUnknown', detail: `${name}: choose ${count}` });
    }
    return picked;
  });
  const [unknown] = wanted;
  if (unknown !== undefined) throw new Refused({ reason: 'modifierUnknown', detail: unknown });
  return chosen;
}

function mustHaveTaxClass(catalogue: CatalogueBook, taxClassId: string): TaxClass {
  const taxClass = catalogue.taxClass(taxClassId);
  if (!taxClass) throw new Refused({ reason: 'taxClassUnknown' });
  return taxClass;
}

function priceInRange(price: Money, currency: string): Money {
  if (price.currency !== currency || price.amount < 0 || price.amount > priceMax) {
    throw new Refused({ reason: 'amountOutOfRange' });
  }
  return price;
}

function mustBeReasonable(discount: Discount | null, currency: string): void {
  if (!discount) return;
  if (discount.type === 'amount') {
    if (priceInRange(discount.amount, currency).amount === 0) throw new Refused({ reason: 'amountOutOfRange' });
    return;
  }
  const { numerator, denominator } = discount.rate;
  if (numerator <= 0 || numerator > denominator) throw new Refused({ reason: 'amountOutOfRange' });
}
