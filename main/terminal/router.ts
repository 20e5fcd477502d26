import { ORPCError, implement } from '@orpc/server';
import { terminalContract } from '#contract/terminal.ts';
import type { ProductId } from '#contract/ids.ts';
import type { DemoPort } from './demo.ts';
import type { Live } from './live.ts';
import type { Paying } from './paying/pay.ts';
import { receiptSvg, receiptText } from './paying/receipt-render.ts';
import type { Sales } from './paying/sale.ts';
import type { TenderRows } from './paying/tender.ts';
import type { People } from './people/staff.ts';
import { Refused } from './refused.ts';
import type { CatalogueBook } from './selling/catalogue.ts';
import type { Checks } from './selling/check.ts';

export type TerminalRouter = ReturnType<typeof openRouter>;

/** `contract/terminal.ts` in handlers of a few lines. A refusal travels as the contract's declared error. */
export function openRouter(parts: {
  live: Live;
  people: People;
  catalogue: CatalogueBook;
  checks: Checks;
  tenders: TenderRows;
  paying: Paying;
  sales: Sales;
  demo: DemoPort | undefined;
}) {
  const { live, people, catalogue, checks, tenders, paying, sales } = parts;
  const os = implement(terminalContract).use(async ({ next }) => {
    try {
      return await next();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw new ORPCError('REFUSED', { status: 409, message: error.message, data: error.refusal });
    }
  });
  /** Most commands answer with nothing: the change itself travels on the event stream. */
  const done = (_: void): Record<string, never> => ({});
  const demo = (): DemoPort => {
    if (!parts.demo) throw new Refused({ reason: 'demoOnly' });
    return parts.demo;
  };
  const productOf = (productId: ProductId) => {
    const product = catalogue.product(productId);
    if (!product) throw new Refused({ reason: 'productUnknown' });
    return product;
  };

  return os.router({
    events: os.events.handler(({ signal }) => live.events(signal)),

    staff: {
      signIn: os.staff.signIn.handler(async ({ input }) => {
        const staff = await people.signIn(input.staffId, input.pin);
        live.refresh();
        return staff;
      }),
      signOut: os.staff.signOut.handler(() => {
        people.signOut();
        live.refresh();
        return {};
      }),
    },

    catalogue: {
      outline: os.catalogue.outline.handler(() => catalogue.outline()),
      page: os.catalogue.page.handler(({ input }) => catalogue.page(input.categoryId, input.offset, input.limit)),
      search: os.catalogue.search.handler(({ input }) => catalogue.search(input.text, input.limit)),
      import: os.catalogue.import.handler(({ input }) => {
        const { staffId, role } = people.mustBeSignedIn();
        if (role !== 'manager' && role !== 'owner') throw new Refused({ reason: 'notPermitted' });
        return catalogue.import(input, staffId);
      }),
    },

    check: {
      addProduct: os.check.addProduct.handler(({ input: { productId, ...rest } }) => {
        const { checkId, line } = checks.addProduct({ ...rest, product: productOf(productId) });
        return { checkId, lineId: line.lineId };
      }),
      addOpenAmount: os.check.addOpenAmount.handler(({ input }) => {
        const { checkId, line } = checks.addOpenAmount(input);
        return { checkId, lineId: line.lineId };
      }),
      setQuantity: os.check.setQuantity.handler(({ input }) =>
        done(checks.setQuantity(input.checkId, input.lineId, input.quantity)),
      ),
      setModifiers: os.check.setModifiers.handler(({ input }) =>
        done(checks.setModifiers(input.checkId, input.lineId, input.modifierIds)),
      ),
      overridePrice: os.check.overridePrice.handler(({ input }) =>
        done(checks.overridePrice(input.checkId, input.lineId, input.unitPrice)),
      ),
      discountLine: os.check.discountLine.handler(({ input }) =>
        done(checks.discountLine(input.checkId, input.lineId, input.discount)),
      ),
      discountCheck: os.check.discountCheck.handler(({ input }) =>
        done(checks.discountCheck(input.checkId, input.discount)),
      ),
      noteLine: os.check.noteLine.handler(({ input }) =>
        done(checks.noteLine(input.checkId, input.lineId, input.note)),
      ),
      noteCheck: os.check.noteCheck.handler(({ input }) => done(checks.noteCheck(input.checkId, input.note))),
      voidLine: os.check.voidLine.handler(({ input }) =>
        done(checks.voidLine(input.checkId, input.lineId, input.reason)),
      ),
      undo: os.check.undo.handler(({ input }) => done(checks.undo(input.checkId))),
      park: os.check.park.handler(({ input }) => done(checks.park(input.checkId, input.label))),
      recall: os.check.recall.handler(({ input }) =>
        done(checks.recall(input.checkId, tenders.of(input.checkId).length > 0)),
      ),
      void: os.check.void.handler(({ input }) => done(checks.void(input.checkId, input.reason))),
    },

    pay: {
      begin: os.pay.begin.handler(({ input }) => done(paying.begin(input.checkId))),
      leave: os.pay.leave.handler(({ input }) => done(paying.leave(input.checkId))),
      takeCash: os.pay.takeCash.handler(({ input }) => paying.takeCash(input.checkId, input.tendered)),
      awaitWallet: os.pay.awaitWallet.handler(({ input }) => done(paying.awaitWallet(input.checkId, input.amount))),
      stopWaiting: os.pay.stopWaiting.handler(({ input }) => done(paying.stopWaiting(input.checkId))),
      askNow: os.pay.askNow.handler(({ input }) => done(paying.askNow(input.checkId))),
      cancelAttempt: os.pay.cancelAttempt.handler(({ input }) => done(paying.cancelAttempt(input.checkId))),
      setAside: os.pay.setAside.handler(({ input }) => done(paying.setAside(input.checkId))),
      takeBackTender: os.pay.takeBackTender.handler(({ input }) =>
        done(paying.takeBackTender(input.checkId, input.tenderId)),
      ),
    },

    sales: {
      find: os.sales.find.handler(({ input }) => {
        people.mustBeSignedIn();
        return sales.find(input);
      }),
      get: os.sales.get.handler(({ input }) => {
        people.mustBeSignedIn();
        return sales.get(input.saleId);
      }),
      receipt: os.sales.receipt.handler(({ input }) => {
        const { staffId } = people.mustBeSignedIn();
        const { document, copyNumber } = sales.receipt(input.saleId, input.isReprint ? staffId : undefined);
        return { document, copyNumber, text: receiptText(document), svg: receiptSvg(document) };
      }),
    },

    demo: {
      customers: os.demo.customers.handler(async () => ({ customers: await demo().customers() })),
      scanText: os.demo.scanText.handler(({ input }) => done(demo().scan(input.text))),
      scanCustomer: os.demo.scanCustomer.handler(async ({ input }) =>
        done(demo().scan(await demo().codeOf(input.customerId))),
      ),
    },
  });
}
