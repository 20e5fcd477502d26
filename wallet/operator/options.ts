import { parseArgs } from 'node:util';
import type { OperatorInfo } from '#contract/operator.ts';
import { methodKindSchema, operatorIdSchema } from '#contract/reload.ts';

/** What the command line asks of the operator's server. */
export type Task =
  | {
      readonly type: 'serve';
      readonly data: string;
      readonly host: string;
      readonly port: number;
      readonly operatorId: string;
      readonly name: string;
      readonly kinds: OperatorInfo['kinds'];
      readonly walletUrl: string;
      readonly walletKey: string;
      readonly publicOrigin: string | undefined;
      readonly simulates: boolean;
      readonly announces: boolean;
    }
  | { readonly type: 'help' }
  | { readonly type: 'wrong'; readonly message: string };

export const HELP = `The server of a payment-means operator, for the Warikan wallet to reload from.

  node wallet/operator/process.ts --data DIR --operator-id ID --name TEXT --wallet-url URL --wallet-key KEY
      [--kinds card,bank_account,carrier,cash_point] [--port N] [--host ADDRESS] [--public-origin URL] [--simulate]
      Serves the operator whose books are in DIR. Port 0 takes a free one. It listens to the wallet server that holds
      KEY (Ed25519, base64url) and tells it by webhooks at URL what happened.

  With --simulate the last two digits of an amount, in minor units, say what becomes of it:

      01  declined, do_not_honour           06  pending, then captured: told by webhook
      02  declined, insufficient_funds      07  pending, then declined: told by webhook
      03  declined, expired                 08  captured; webhooks come twice, and the later ones first
      04  captured, after 3 s               09  captured, charged back a little later
      05  captured, the answer never comes  10  503 once, then captured

  and, for callers on this machine, POST /control/outage {on}, /control/delay {ms}, /control/charge-back
  {authorisationId} and /control/webhooks {paused, duplicate, reorder} turn its faults on and off.
`;

const DEFAULT_PORT = 8_091;
const DEFAULT_KINDS = 'card,bank_account';
const labels: Readonly<Record<OperatorInfo['kinds'][number]['kind'], string>> = {
  card: 'Card',
  bank_account: 'Bank account',
  carrier: 'Phone bill',
  cash_point: 'Cash point',
};

export function parseTask(args: readonly string[]): Task {
  const parsed = readArgs(args);
  if (typeof parsed === 'string') return wrong(parsed);
  const { data, port = String(DEFAULT_PORT), name = '' } = parsed;
  if (parsed.help) return { type: 'help' };
  if (data === undefined || data === '') return wrong('--data DIR says where the books are.');
  const operatorId = operatorIdSchema.safeParse(parsed['operator-id']);
  if (!operatorId.success) return wrong('--operator-id is a short name of small letters, digits and hyphens.');
  if (name.trim() === '' || name.length > 32) return wrong('--name says what customers call this operator.');
  const walletUrl = parsed['wallet-url'];
  if (walletUrl === undefined || !isOrigin(walletUrl)) return wrong('--wallet-url is like https://wallet.example.');
  const walletKey = parsed['wallet-key'];
  if (walletKey === undefined || !/^[A-Za-z0-9_-]{43}$/.test(walletKey)) {
    return wrong('--wallet-key is the wallet server’s public key: 43 characters of base64url.');
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return wrong(`--port is a number from 0 to 65535, not "${port}".`);
  }
  const publicOrigin = parsed['public-origin'];
  if (publicOrigin !== undefined && !isOrigin(publicOrigin)) {
    return wrong(`--public-origin is like https://operator.example, not "${publicOrigin}".`);
  }
  const kinds = methodKindSchema
    .array()
    .min(1)
    .safeParse((parsed.kinds ?? DEFAULT_KINDS).split(','));
  if (!kinds.success) return wrong(`--kinds are some of ${methodKindSchema.options.join(', ')}.`);
  return {
    type: 'serve',
    data,
    host: parsed.host ?? '127.0.0.1',
    port: Number(port),
    operatorId: operatorId.data,
    name: name.trim(),
    kinds: Array.from(new Set(kinds.data), (kind) => ({ kind, label: labels[kind] })),
    walletUrl,
    walletKey,
    publicOrigin,
    simulates: parsed.simulate ?? false,
    announces: parsed.announce ?? false,
  };
}

function wrong(message: string): Task {
  return { type: 'wrong', message };
}

function isOrigin(url: string): boolean {
  return URL.canParse(url) && new URL(url).origin === url;
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: joinKey(args, '--wallet-key'),
      allowNegative: true,
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        'operator-id': { type: 'string' },
        name: { type: 'string' },
        kinds: { type: 'string' },
        'wallet-url': { type: 'string' },
        'wallet-key': { type: 'string' },
        'public-origin': { type: 'string' },
        simulate: { type: 'boolean' },
        announce: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One public key in sixty-four begins with a hyphen, and would be taken for an option: it is tied to its own. */
function joinKey(args: readonly string[], option: string): string[] {
  const at = args.indexOf(option);
  const key = args[at + 1];
  if (at < 0 || key?.startsWith('-') !== true || !/^[\w-]{43}$/.test(key)) return [...args];
  return [...args.slice(0, at), `${option}=${key}`, ...args.slice(at + 2)];
}
