import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright';
import { build } from 'vite';
import { attemptIdSchema, checkIdSchema } from '#contract/ids.ts';
import type { Settlement, SettlementRequest } from '#contract/settlement.ts';
import { parseCode } from '#contract/token.ts';
import { chromiumLaunchOptions } from '#test/support/chromium.ts';
import { type OperatorProcess, startOperator } from '#test/wallet/operator/operator-process.ts';
import { type Caller, newId, PIN, type TestPhone } from '#test/wallet/server/caller.ts';
import { openWallet, type OpenWallet } from '#test/wallet/server/open.ts';

/** The customer's page as it is built, in a real Chromium, before the real server with two real operators beside it. */
export interface PhoneWorld {
  readonly wallet: OpenWallet;
  /** A till of the store at which everybody pays. */
  readonly terminal: Caller;
  readonly browser: Browser;
  /** Customers of this world, by the other phone that each of them has. */
  customer(name: string, balance?: number): Promise<TestPhone & { walletId: string }>;
  /** A phone of that customer's in a browser of its own, bound, at home, in English. */
  phoneOf(customer: { walletId: string }, options?: BrowserContextOptions): Promise<OpenPage>;
  /** A phone without a wallet. */
  stranger(options?: BrowserContextOptions): Promise<OpenPage>;
  /** Turns a fault of an operator's on or off. */
  control(
    operator: 'kumo' | 'mori',
    name: 'outage' | 'webhooks',
    body: Readonly<Record<string, boolean>>,
  ): Promise<void>;
  charge(token: string, amount: number, group?: SettlementRequest['group']): Promise<Settlement>;
  /** Closes the phones that were opened since the last time. */
  closePages(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page complained of. */
  readonly complaints: string[];
}

export { PIN };
export const STORE = 'Kissa Warikan';
export const VIEWPORT = { width: 360, height: 740 };

const CONFIG = fileURLToPath(new URL('../../../vite.phone.config.ts', import.meta.url));

export async function openPhoneWorld(): Promise<PhoneWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'warikan-phone-'));
  const phonePage = join(folder, 'page');
  await build({ configFile: CONFIG, logLevel: 'error', build: { outDir: phonePage, emptyOutDir: true } });
  const wallet = await openWallet({ phonePage, isDemo: true, clock: { nowMs: Date.now } });
  const peer = { walletUrl: wallet.base, walletKey: wallet.server.operatorKey };
  const operators: OperatorProcess[] = [
    await startOperator({ data: join(folder, 'kumo'), operatorId: 'kumo', name: 'Kumo Card', ...peer }),
    await startOperator({ data: join(folder, 'mori'), operatorId: 'mori', name: 'Mori Bank', ...peer }),
  ];
  for (const [index, { operatorId, base, publicKey }] of operators.entries()) {
    const [name, kinds] = index === 0 ? ['Kumo Card', ['card' as const]] : ['Mori Bank', ['bank_account' as const]];
    await wallet.server.putOperator({ operatorId, name, url: base, publicKey, kinds });
  }
  const browser = await chromium.launch(chromiumLaunchOptions());
  const terminal = await wallet.terminalOf(STORE);
  let contexts: BrowserContext[] = [];

  async function open(options: BrowserContextOptions): Promise<OpenPage> {
    const context = await browser.newContext({ viewport: VIEWPORT, locale: 'en-GB', ...options });
    contexts.push(context);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
    return { page, context, complaints };
  }

  return {
    wallet,
    terminal,
    browser,
    customer: (name, balance = 10_000) => wallet.customer({ name, balance }),
    phoneOf: async ({ walletId }, options = {}) => {
      const opened = await open(options);
      await opened.page.goto(`${wallet.base}/phone/#bind=${await wallet.bindingCodeOf(walletId)}`);
      await opened.page.locator('[aria-current=true] .primary:enabled').waitFor();
      return opened;
    },
    stranger: async (options = {}) => {
      const opened = await open(options);
      await opened.page.goto(`${wallet.base}/phone/`);
      await opened.page.locator('#name').waitFor();
      return opened;
    },
    control: async (operatorId, name, body) => {
      const operator = operators.find((one) => one.operatorId === operatorId);
      const headers = { 'content-type': 'application/json' };
      const told = await fetch(`${operator?.base}/control/${name}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      if (!told.ok) throw new Error(`${operatorId} ${name}: ${told.status}`);
    },
    charge: (token, amount, group) =>
      terminal.get(
        'putSettlement',
        { settlementId: attemptIdSchema.parse(newId()) },
        {
          checkId: checkIdSchema.parse(newId()),
          amount: { amount, currency: 'JPY' },
          token,
          capturedAt: new Date().toISOString(),
          mode: 'online',
          ...(group === undefined ? {} : { group }),
        },
      ),
    closePages: async () => {
      await Promise.all(contexts.map((context) => context.close()));
      contexts = [];
    },
    close: async () => {
      await browser.close();
      await Promise.all(operators.map((operator) => operator.kill('SIGTERM')));
      await wallet.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What everybody at a table had, for the settlement that one of them pays. Lines without consumers are shared. */
export async function groupOf(
  guests: Readonly<Record<string, TestPhone>>,
  payer: string,
  lines: readonly { readonly name: string; readonly amount: number; readonly consumers?: readonly string[] }[],
): Promise<NonNullable<SettlementRequest['group']>> {
  const named = [];
  for (const [guestId, phone] of Object.entries(guests)) named.push({ guestId, token: await phone.show() });
  return {
    guests: named,
    lines: lines.map(({ name, amount, consumers = [] }, index) => ({
      lineId: String(index + 1),
      name,
      amount,
      quantity: 1_000,
      consumers: consumers.map((guestId) => ({ guestId, weight: 1 })),
    })),
    adjustments: [],
    payer,
    remainder: 'payer',
  };
}

/** Types a PIN on the phone's own keys. */
export async function keyPin(page: Page, pin: string = PIN): Promise<void> {
  for (const digit of pin) await page.getByRole('button', { name: digit, exact: true }).click();
  await page.getByRole('button', { name: 'OK' }).click();
}

/** Starts the current method and gives the code that is shown. */
export async function showCode(page: Page, pin: string = PIN): Promise<string> {
  await page.locator('[data-method][aria-current] .primary').click();
  await keyPin(page, pin);
  return codeOn(page);
}

/** What stands there, with every kind of white space as one blank. */
export async function wordsOf(part: Locator): Promise<string> {
  return (await part.innerText()).replaceAll(/\s+/g, ' ').trim();
}

export async function codeOn(page: Page): Promise<string> {
  return (await page.locator('[data-code]').getAttribute('data-code')) ?? '';
}

export function parsed(text: string): Extract<ReturnType<typeof parseCode>, { ok: true }>['code'] {
  const result = parseCode(text);
  if (!result.ok) throw new Error(result.error);
  return result.code;
}
