import { parseArgs } from 'node:util';
import { methodKindSchema, operatorIdSchema } from '#contract/reload.ts';
import { publicKeySchema } from '#contract/wallet.ts';

/** Where the books and the keys are. */
interface Place {
  /** Folder of the SQLite file; of the key file too, unless that is said. Undefined only with PostgreSQL. */
  readonly data: string | undefined;
  /** `postgres://…`: then the books are there. */
  readonly databaseUrl: string | undefined;
  readonly keyFile: string;
}

/** What the command line asks of the wallet server. */
export type Task =
  ServeTask | AdminTask | { readonly type: 'help' } | { readonly type: 'wrong'; readonly message: string };

export interface ServeTask extends Place {
  readonly type: 'serve';
  readonly host: string;
  readonly port: number;
  readonly isDemo: boolean;
  readonly publicOrigin: string | undefined;
  readonly trustedProxies: readonly string[];
  /** Requests a second that one key may make; the server's own where it is left out. */
  readonly ratePerKey: number | undefined;
  readonly announces: boolean;
  readonly faults: readonly string[];
}

/** What an administrator does at the keyboard. Each may run beside the server. */
export type AdminTask = Place &
  (
    | { readonly type: 'books' | 'stores' | 'terminals' | 'operators' }
    | { readonly type: 'new-enrolment-code'; readonly store: string; readonly isApproved: boolean }
    | { readonly type: 'approve'; readonly terminalId: string; readonly fingerprint: string }
    | { readonly type: 'revoke'; readonly keyId: string }
    | { readonly type: 'new-admin-token'; readonly name: string }
    | { readonly type: 'revoke-admin-token'; readonly name: string }
    | { readonly type: 'add-operator'; readonly operator: NewOperator }
    | { readonly type: 'rotate-keys'; readonly isAtOnce: boolean }
  );

interface NewOperator {
  readonly operatorId: string;
  readonly name: string;
  readonly url: string;
  readonly publicKey: string;
  readonly kinds: ('card' | 'bank_account' | 'carrier' | 'cash_point')[];
}

export const HELP = `The Warikan wallet server.

  npm run wallet -- --data DIR [--port N] [--host ADDRESS] [--no-demo]
      [--public-origin URL] [--trusted-proxy ADDRESS] [--rate-per-key N]
      Serves the wallet whose books are in DIR. Port 0 takes a free one. It has a demo store, six customers and their
      phones unless --no-demo is given. --public-origin says how callers see this server where a proxy stands before it,
      and --trusted-proxy, once for each, whose word on a caller's address is believed.

  DATABASE_URL=postgres://USER@HOST/DATABASE npm run wallet -- --keys FILE ...
      The same with the books in PostgreSQL. Any number of servers may share them: all of them are given the same key
      file, and the same --public-origin. Every task below takes DATABASE_URL and --keys in place of --data too.

An administrator's tasks, each beside the running server: node wallet/server/process.ts --data DIR and one of

  --books                      prints the books as JSON and checks them; ends with 1 where anything does not agree
  --stores                     lists the stores
  --new-enrolment-code --store NAME [--approved]
                               prints a code that enrols one terminal in that store, which is opened if there is none,
                               within 10 minutes; with --approved nobody need approve the terminal afterwards
  --terminals                  lists the terminals with their fingerprints
  --approve ID --fingerprint F lets a terminal work that shows this fingerprint
  --revoke ID                  a terminal or a phone: from now on its key signs nothing
  --new-admin-token NAME       prints a token for the page at /admin, once
  --revoke-admin-token NAME    that name's tokens are good for nothing from now on
  --operators                  lists the payment-means operators
  --add-operator ID --name TEXT --url URL --key KEY --kinds card,bank_account,carrier,cash_point
                               adds one, or changes it; KEY signs its webhooks (Ed25519, base64url)
  --rotate-keys [--at-once]    publishes the next key that signs customers' credentials; it is used 8 days later, when
                               every terminal knows it. --at-once: the last key fell into wrong hands, trust it no more
`;

const DEFAULT_PORT = 8_090;
const KEY_FILE = 'wallet-keys.json';

export function parseTask(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Task {
  const parsed = readArgs(args);
  if (typeof parsed === 'string') return wrong(parsed);
  if (parsed.help) return { type: 'help' };
  const place = placeOf(parsed, environment);
  if (typeof place === 'string') return wrong(place);
  return parseAdminTask(parsed, place) ?? parseServeTask(parsed, place, environment);
}

function placeOf(parsed: Parsed, environment: Readonly<Record<string, string | undefined>>): Place | string {
  const data = parsed.data === '' ? undefined : parsed.data;
  const databaseUrl = environment['DATABASE_URL'] === '' ? undefined : environment['DATABASE_URL'];
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    return 'DATABASE_URL is like postgres://user:password@host/database; without it the books are in --data DIR.';
  }
  if (data === undefined && databaseUrl === undefined) return '--data DIR says where the books are.';
  const keyFile = parsed.keys ?? (data === undefined ? undefined : `${data}/${KEY_FILE}`);
  if (keyFile === undefined) return '--keys FILE says where the keys are: they are never in the database.';
  return { data, databaseUrl, keyFile };
}

function parseServeTask(
  parsed: Parsed,
  place: Place,
  environment: Readonly<Record<string, string | undefined>>,
): ServeTask | Wrong {
  const { port = String(DEFAULT_PORT) } = parsed;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return wrong(`--port is a number from 0 to 65535, not "${port}".`);
  }
  const publicOrigin = parsed['public-origin'];
  if (publicOrigin !== undefined && (!URL.canParse(publicOrigin) || new URL(publicOrigin).origin !== publicOrigin)) {
    return wrong(`--public-origin is like https://wallet.example, not "${publicOrigin}".`);
  }
  const rate = parsed['rate-per-key'];
  if (rate !== undefined && !/^[1-9]\d{0,6}$/.test(rate)) return wrong(`--rate-per-key is a number, not "${rate}".`);
  const fromEnvironment = (environment['WARIKAN_WALLET_FAULTS'] ?? '').split(',').filter((fault) => fault !== '');
  return {
    type: 'serve',
    ...place,
    host: parsed.host ?? '127.0.0.1',
    port: Number(port),
    isDemo: parsed.demo ?? false,
    publicOrigin,
    trustedProxies: parsed['trusted-proxy'] ?? [],
    ratePerKey: rate === undefined ? undefined : Number(rate),
    announces: parsed.announce ?? false,
    faults: [...(parsed.fault ?? []), ...fromEnvironment],
  };
}

function parseAdminTask(parsed: Parsed, place: Place): AdminTask | Wrong | undefined {
  const { store, approve, fingerprint, revoke } = parsed;
  const [newToken, oldToken] = [parsed['new-admin-token'], parsed['revoke-admin-token']];
  if (parsed.books) return { type: 'books', ...place };
  if (parsed.stores) return { type: 'stores', ...place };
  if (parsed.terminals) return { type: 'terminals', ...place };
  if (parsed.operators) return { type: 'operators', ...place };
  if (parsed['new-enrolment-code']) {
    if (store === undefined || store.trim() === '') return wrong('--store NAME says for which store.');
    return { type: 'new-enrolment-code', ...place, store: store.trim(), isApproved: parsed.approved ?? false };
  }
  if (approve !== undefined) {
    if (fingerprint === undefined) return wrong('--fingerprint F says what the terminal shows: compare it first.');
    return { type: 'approve', ...place, terminalId: approve, fingerprint };
  }
  if (revoke !== undefined) return { type: 'revoke', ...place, keyId: revoke };
  if (newToken !== undefined) {
    if (newToken.trim() === '') return wrong('--new-admin-token NAME says whose it is.');
    return { type: 'new-admin-token', ...place, name: newToken.trim() };
  }
  if (oldToken !== undefined) return { type: 'revoke-admin-token', ...place, name: oldToken.trim() };
  if (parsed['rotate-keys']) return { type: 'rotate-keys', ...place, isAtOnce: parsed['at-once'] ?? false };
  if (parsed['add-operator'] === undefined) return undefined;
  const operator = operatorOf(parsed);
  return typeof operator === 'string' ? wrong(operator) : { type: 'add-operator', ...place, operator };
}

function operatorOf(parsed: Parsed): NewOperator | string {
  const { name = '', url = '', key, kinds = 'card' } = parsed;
  const operatorId = operatorIdSchema.safeParse(parsed['add-operator']);
  if (!operatorId.success) return '--add-operator ID is a short name of small letters, digits and hyphens.';
  if (name.trim() === '' || name.length > 64) return '--name says what customers call this operator.';
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return '--url is where the operator answers.';
  const publicKey = publicKeySchema.safeParse(key);
  if (!publicKey.success) return '--key is the operator’s public key: Ed25519, 43 characters of base64url.';
  const parsedKinds = methodKindSchema.array().min(1).safeParse(kinds.split(','));
  if (!parsedKinds.success) return '--kinds is a list of card, bank_account, carrier and cash_point.';
  return { operatorId: operatorId.data, name: name.trim(), url, publicKey: publicKey.data, kinds: parsedKinds.data };
}

type Wrong = Extract<Task, { type: 'wrong' }>;
type Parsed = Exclude<ReturnType<typeof readArgs>, string>;

function wrong(message: string): Wrong {
  return { type: 'wrong', message };
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: joinKey(args, '--key'),
      allowNegative: true,
      options: {
        data: { type: 'string' },
        keys: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        demo: { type: 'boolean' },
        announce: { type: 'boolean' },
        'public-origin': { type: 'string' },
        'trusted-proxy': { type: 'string', multiple: true },
        'rate-per-key': { type: 'string' },
        fault: { type: 'string', multiple: true },
        books: { type: 'boolean' },
        stores: { type: 'boolean' },
        terminals: { type: 'boolean' },
        operators: { type: 'boolean' },
        'new-enrolment-code': { type: 'boolean' },
        store: { type: 'string' },
        approved: { type: 'boolean' },
        approve: { type: 'string' },
        fingerprint: { type: 'string' },
        revoke: { type: 'string' },
        'new-admin-token': { type: 'string' },
        'revoke-admin-token': { type: 'string' },
        'add-operator': { type: 'string' },
        name: { type: 'string' },
        url: { type: 'string' },
        key: { type: 'string' },
        kinds: { type: 'string' },
        'rotate-keys': { type: 'boolean' },
        'at-once': { type: 'boolean' },
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
