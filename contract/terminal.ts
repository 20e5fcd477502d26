import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { categorySchema, importReportSchema, modifierGroupSchema, productSchema, taxClassSchema } from './catalogue.ts';
import { checkSchema } from './check.ts';
import { deviceKindSchema, deviceStateSchema } from './devices.ts';
import {
  attemptIdSchema,
  checkIdSchema,
  deviceIdSchema,
  lineIdSchema,
  productIdSchema,
  saleIdSchema,
  staffIdSchema,
  tenderIdSchema,
} from './ids.ts';
import { currencySchema, moneySchema } from './money.ts';
import { discountSchema, quantityMax } from './order.ts';
import { receiptDocumentSchema } from './receipt.ts';
import { saleSchema, saleSummarySchema } from './sale.ts';
import { pinSchema, staffSchema } from './staff.ts';
import { cashRoundingSchema } from './tender.ts';

/**
 * Procedures and events between screens and terminal.
 *
 * A screen subscribes to `events`: the first item is the whole live state, each later one a change with its data, so
 * a screen that reloads at any moment loses nothing. It acts by the commands below; each is one committed change or a
 * refusal in words. Every command on a check names that check, so a screen that is behind cannot touch the next one.
 */

/** Why a command was refused. `reason` chooses the sentence on the screen; the rest are its figures. */
export const refusalSchema = z.discriminatedUnion('reason', [
  z.object({ reason: z.literal('notSignedIn') }),
  z.object({ reason: z.literal('pinWrong'), triesUntilWait: z.int().nonnegative() }),
  z.object({ reason: z.literal('pinThrottled'), waitMs: z.int().positive(), isLocked: z.boolean() }),
  z.object({ reason: z.literal('staffUnknown') }),
  z.object({ reason: z.literal('checkUnknown') }),
  /** The command names a check that is not the one in front. */
  z.object({ reason: z.literal('checkNotInFront') }),
  /** The bill is being paid: lines are frozen. */
  z.object({ reason: z.literal('checkFrozen') }),
  z.object({ reason: z.literal('checkEmpty') }),
  z.object({ reason: z.literal('checkFull'), lineItemsMax: z.int() }),
  /** The bill in front must be paid, parked or voided first. */
  z.object({ reason: z.literal('checkInTheWay') }),
  z.object({ reason: z.literal('lineUnknown') }),
  z.object({ reason: z.literal('productUnknown') }),
  z.object({ reason: z.literal('taxClassUnknown') }),
  z.object({ reason: z.literal('modifierUnknown'), detail: z.string() }),
  z.object({ reason: z.literal('amountOutOfRange') }),
  z.object({ reason: z.literal('nothingToUndo') }),
  /** A wallet attempt has no known outcome yet: no second one, and no other tender, until it has. */
  z.object({ reason: z.literal('attemptUnresolved') }),
  z.object({ reason: z.literal('attemptUnknown') }),
  /** Cancelling is offered only once the outcome has stayed unknown for the stated time. */
  z.object({ reason: z.literal('tooEarlyToCancel') }),
  /** Part of the bill is paid already: take those tenders back first. */
  z.object({ reason: z.literal('tendersTaken') }),
  z.object({ reason: z.literal('tenderUnknown') }),
  z.object({ reason: z.literal('walletNotReady'), detail: z.string() }),
  z.object({ reason: z.literal('saleUnknown') }),
  z.object({ reason: z.literal('importUnreadable'), detail: z.string() }),
  z.object({ reason: z.literal('notPermitted') }),
  /** The disk is full or the file cannot be written: nothing was changed. */
  z.object({ reason: z.literal('storageFailed'), detail: z.string() }),
  z.object({ reason: z.literal('demoOnly') }),
]);
export type Refusal = z.infer<typeof refusalSchema>;

/** What the open prompt is armed for: what the next scan may be. */
export const promptSchema = z.discriminatedUnion('purpose', [
  z.object({ purpose: z.literal('none') }),
  z.object({ purpose: z.literal('product') }),
  z.object({ purpose: z.literal('wallet'), checkId: checkIdSchema, amount: moneySchema }),
]);

/** What became of a scan. `scanNumber` rises by one, so a screen shows each once. */
export const scanOutcomeSchema = z.object({
  scanNumber: z.int().positive(),
  deviceId: deviceIdSchema,
  result: z.discriminatedUnion('type', [
    z.object({ type: z.literal('added'), lineId: lineIdSchema, name: z.string(), quantity: z.int() }),
    z.object({ type: z.literal('unknownBarcode'), text: z.string() }),
    /** A customer's code with no wallet prompt open. */
    z.object({ type: z.literal('walletNotArmed') }),
    /** The code was taken: an attempt has begun. */
    z.object({ type: z.literal('walletTaken'), attemptId: attemptIdSchema }),
    /** A customer's code that cannot be read. */
    z.object({ type: z.literal('walletCodeUnreadable') }),
    z.object({ type: z.literal('refused'), refusal: refusalSchema }),
    /** The device reports that a frame was lost: scan again. */
    z.object({ type: z.literal('fault'), message: z.string() }),
  ]),
});

export const checkSummarySchema = z.object({
  checkId: checkIdSchema,
  label: z.string().optional(),
  state: z.enum(['parked', 'paying']),
  total: moneySchema,
  due: moneySchema,
  itemCount: z.int().nonnegative(),
  /** The first names on the bill, to tell it from others. */
  items: z.array(z.string()),
  openedAt: z.iso.datetime(),
  attemptState: z.string().optional(),
});

export const deviceStatusSchema = z.object({
  deviceId: deviceIdSchema,
  kind: deviceKindSchema,
  state: deviceStateSchema,
  isSimulated: z.boolean(),
});

export const deviceHealthSchema = z.object({
  state: z.enum(['starting', 'running', 'restarting', 'failed']),
  restarts: z.int().nonnegative(),
  detail: z.string().optional(),
});

/** The link to the wallet server, by the last contact. */
export const walletLinkSchema = z.object({
  state: z.enum(['unknown', 'online', 'unreachable', 'refused']),
  since: z.iso.datetime(),
  detail: z.string().optional(),
});

export const storeSchema = z.object({
  name: z.string(),
  address: z.array(z.string()).max(4),
  /** Registration number of a qualified invoice issuer, or the like. */
  taxNumber: z.string().optional(),
  currency: currencySchema,
  timeZone: z.string(),
  language: z.enum(['en', 'ja']),
  cashRounding: cashRoundingSchema,
  /** Notes and coins in minor units, the largest first. */
  denominations: z.array(z.int().positive()),
  receiptFooter: z.array(z.string()).max(6),
});

export const terminalStateSchema = z.object({
  store: storeSchema,
  terminal: z.object({ number: z.string(), version: z.string(), isDemo: z.boolean(), startedAt: z.iso.datetime() }),
  roster: z.array(staffSchema),
  signedIn: staffSchema.nullable(),
  /** The bill in front. Null between two customers: the next scan opens one. */
  check: checkSchema.nullable(),
  parked: z.array(checkSummarySchema),
  /** Bills set aside while the wallet server is asked what became of them. */
  unresolved: z.array(checkSummarySchema),
  prompt: promptSchema,
  lastSale: saleSummarySchema.nullable(),
  devices: z.array(deviceStatusSchema),
  deviceProcess: deviceHealthSchema,
  walletLink: walletLinkSchema,
});

export const terminalEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('snapshot'), state: terminalStateSchema }),
  /** Parts of the state, each replaced whole. */
  z.object({ type: z.literal('changed'), parts: terminalStateSchema.partial() }),
  z.object({ type: z.literal('scanned'), outcome: scanOutcomeSchema }),
  z.object({ type: z.literal('saleClosed'), sale: saleSummarySchema, checkId: checkIdSchema }),
  /** A bill that had been set aside has its answer. */
  z.object({
    type: z.literal('attemptResolved'),
    checkId: checkIdSchema,
    attemptId: attemptIdSchema,
    state: z.string(),
  }),
  z.object({ type: z.literal('catalogueChanged') }),
]);

const terminal = oc.errors({ REFUSED: { status: 409, data: refusalSchema } });
const onCheck = z.object({ checkId: checkIdSchema });
const onLine = onCheck.extend({ lineId: lineIdSchema });
const reason = z.string().trim().min(1).max(120);
const done = z.object({});

export const terminalContract = {
  events: terminal.output(eventIterator(terminalEventSchema)),

  staff: {
    signIn: terminal.input(z.object({ staffId: staffIdSchema, pin: pinSchema })).output(staffSchema),
    signOut: terminal.output(done),
  },

  catalogue: {
    /** All that the product grid needs but the products. */
    outline: terminal.output(
      z.object({
        categories: z.array(categorySchema.extend({ productCount: z.int().nonnegative() })),
        modifierGroups: z.array(modifierGroupSchema),
        taxClasses: z.array(taxClassSchema),
        productCount: z.int().nonnegative(),
      }),
    ),
    /** A page of tiles: of a category, or the quick keys where none is named. */
    page: terminal
      .input(
        z.object({ categoryId: z.string().optional(), offset: z.int().nonnegative(), limit: z.int().min(1).max(200) }),
      )
      .output(z.object({ products: z.array(productSchema), total: z.int().nonnegative() })),
    /** Best first: names, keywords, SKU and barcodes that contain every word of the text. */
    search: terminal
      .input(z.object({ text: z.string().max(100), limit: z.int().min(1).max(100) }))
      .output(z.object({ products: z.array(productSchema), total: z.int().nonnegative() })),
    /** Takes each good row, refuses each bad one with a reason. `isTrial` changes nothing. */
    import: terminal
      .input(
        z.object({ format: z.enum(['csv', 'json']), content: z.string().max(64 * 1024 * 1024), isTrial: z.boolean() }),
      )
      .output(importReportSchema),
  },

  check: {
    addProduct: terminal
      .input(
        z.object({
          /** Absent: the bill in front, or a new one. */
          checkId: checkIdSchema.optional(),
          productId: productIdSchema,
          quantity: z.int().min(1).max(quantityMax).default(1),
          modifierIds: z.array(z.string()).max(40).optional(),
        }),
      )
      .output(z.object({ checkId: checkIdSchema, lineId: lineIdSchema })),
    addOpenAmount: terminal
      .input(
        z.object({
          checkId: checkIdSchema.optional(),
          name: z.string().trim().max(120),
          amount: moneySchema,
          taxClassId: z.string(),
          quantity: z.int().min(1).max(quantityMax).default(1),
        }),
      )
      .output(z.object({ checkId: checkIdSchema, lineId: lineIdSchema })),
    setQuantity: terminal.input(onLine.extend({ quantity: z.int().min(1).max(quantityMax) })).output(done),
    setModifiers: terminal.input(onLine.extend({ modifierIds: z.array(z.string()).max(40) })).output(done),
    overridePrice: terminal.input(onLine.extend({ unitPrice: moneySchema })).output(done),
    discountLine: terminal.input(onLine.extend({ discount: discountSchema.nullable() })).output(done),
    discountCheck: terminal.input(onCheck.extend({ discount: discountSchema.nullable() })).output(done),
    noteLine: terminal.input(onLine.extend({ note: z.string().max(200) })).output(done),
    noteCheck: terminal.input(onCheck.extend({ note: z.string().max(200) })).output(done),
    voidLine: terminal.input(onLine.extend({ reason: reason.optional() })).output(done),
    /** Takes back the last change of the bill. */
    undo: terminal.input(onCheck).output(done),
    park: terminal.input(onCheck.extend({ label: z.string().trim().max(40).optional() })).output(done),
    /** Brings a parked bill to the front. An empty bill in front makes way; any other must be parked first. */
    recall: terminal.input(onCheck).output(done),
    void: terminal.input(onCheck.extend({ reason })).output(done),
  },

  pay: {
    /** Freezes the bill and shows what is due. */
    begin: terminal.input(onCheck).output(done),
    /** Back to the lines. Refused while an attempt is unresolved or a tender is taken. */
    leave: terminal.input(onCheck).output(done),
    /** Takes cash. Enough closes the bill with change, less pays a part. Begins paying where that was not done. */
    takeCash: terminal
      .input(onCheck.extend({ tendered: moneySchema }))
      .output(z.object({ sale: saleSummarySchema.nullable() })),
    /** Waits for the customer's code, for the amount due or a part of it. Begins paying where that was not done. */
    awaitWallet: terminal.input(onCheck.extend({ amount: moneySchema.optional() })).output(done),
    /** Stops waiting for the code. */
    stopWaiting: terminal.input(onCheck).output(done),
    /** Asks the wallet server at once what became of an unknown attempt. */
    askNow: terminal.input(onCheck).output(done),
    /** Undoes an attempt of unknown outcome. Only the server's word makes it "not paid". */
    cancelAttempt: terminal.input(onCheck).output(done),
    /** The next customer is served; this bill waits in `unresolved` until the wallet server has answered. */
    setAside: terminal.input(onCheck).output(done),
    /** Hands cash back, or has the wallet server undo its part, before the bill is closed. */
    takeBackTender: terminal.input(onCheck.extend({ tenderId: tenderIdSchema })).output(done),
  },

  sales: {
    /** By number, amount, member, or product name, the newest first; everything where the text is empty. */
    find: terminal
      .input(
        z.object({
          text: z.string().max(100),
          from: z.iso.datetime().optional(),
          until: z.iso.datetime().optional(),
          offset: z.int().nonnegative(),
          limit: z.int().min(1).max(100),
        }),
      )
      .output(z.object({ sales: z.array(saleSummarySchema), total: z.int().nonnegative() })),
    get: terminal.input(z.object({ saleId: saleIdSchema })).output(saleSchema),
    /** The same receipt as at the sale. `isReprint` counts a copy, marks it, and puts it in the journal. */
    receipt: terminal.input(z.object({ saleId: saleIdSchema, isReprint: z.boolean() })).output(
      z.object({
        document: receiptDocumentSchema,
        text: z.string(),
        svg: z.string(),
        copyNumber: z.int().nonnegative(),
      }),
    ),
  },

  /** Only in the demo store: the simulated scanner's buttons. */
  demo: {
    customers: terminal.output(
      z.object({
        customers: z.array(
          z.object({ customerId: z.string(), name: z.string(), balance: moneySchema, phoneUrl: z.string() }),
        ),
      }),
    ),
    /** Holds a product before the simulated scanner. */
    scanText: terminal.input(z.object({ text: z.string().min(1).max(1_024) })).output(done),
    /** Holds a customer's phone, with a fresh code, before the simulated scanner. */
    scanCustomer: terminal.input(z.object({ customerId: z.string() })).output(done),
  },
};

export type TerminalContract = typeof terminalContract;
export type Prompt = z.infer<typeof promptSchema>;
export type ScanOutcome = z.infer<typeof scanOutcomeSchema>;
export type ScanResult = ScanOutcome['result'];
export type CheckSummary = z.infer<typeof checkSummarySchema>;
export type DeviceStatus = z.infer<typeof deviceStatusSchema>;
export type WalletLink = z.infer<typeof walletLinkSchema>;
export type Store = z.infer<typeof storeSchema>;
export type TerminalState = z.infer<typeof terminalStateSchema>;
export type TerminalEvent = z.infer<typeof terminalEventSchema>;
