import { parseArgs } from 'node:util';

/** What the command line asks of the wallet server. */
export type Task =
  | {
      readonly type: 'serve';
      readonly data: string;
      readonly host: string;
      readonly port: number;
      readonly isDemo: boolean;
      readonly publicOrigin: string | undefined;
      readonly announces: boolean;
      readonly faults: readonly string[];
    }
  | { readonly type: 'books'; readonly data: string }
  | { readonly type: 'new-enrolment-code'; readonly data: string; readonly store: string }
  | { readonly type: 'help' }
  | { readonly type: 'wrong'; readonly message: string };

export const HELP = `The Warikan wallet server.

  npm run wallet -- --data DIR [--port N] [--host ADDRESS] [--no-demo] [--public-origin URL]
      Serves the wallet whose books are in DIR. Port 0 takes a free one. It has a demo store, six customers and their
      phones unless --no-demo is given. --public-origin says how callers see this server where a proxy stands before it.
  node wallet/server/process.ts --data DIR --new-enrolment-code --store NAME
      Prints a code that enrols one terminal in that store within 10 minutes. May run beside the server.
  node wallet/server/process.ts --data DIR --books
      Prints the books as JSON and checks them; ends with 1 where anything does not agree. May run beside the server.
`;

const DEFAULT_PORT = 8_090;

export function parseTask(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Task {
  const parsed = readArgs(args);
  if (typeof parsed === 'string') return { type: 'wrong', message: parsed };
  const { data, port = String(DEFAULT_PORT) } = parsed;
  if (parsed.help) return { type: 'help' };
  if (data === undefined || data === '') return { type: 'wrong', message: '--data DIR says where the books are.' };
  if (parsed.books) return { type: 'books', data };
  if (parsed['new-enrolment-code']) {
    const { store } = parsed;
    if (store === undefined || store.trim() === '')
      return { type: 'wrong', message: '--store NAME says for which store.' };
    return { type: 'new-enrolment-code', data, store: store.trim() };
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return { type: 'wrong', message: `--port is a number from 0 to 65535, not "${port}".` };
  }
  const publicOrigin = parsed['public-origin'];
  if (publicOrigin !== undefined && (!URL.canParse(publicOrigin) || new URL(publicOrigin).origin !== publicOrigin)) {
    return { type: 'wrong', message: `--public-origin is like https://wallet.example, not "${publicOrigin}".` };
  }
  const fromEnvironment = (environment['WARIKAN_WALLET_FAULTS'] ?? '').split(',').filter((fault) => fault !== '');
  return {
    type: 'serve',
    data,
    host: parsed.host ?? '127.0.0.1',
    port: Number(port),
    isDemo: parsed.demo ?? false,
    publicOrigin,
    announces: parsed.announce ?? false,
    faults: [...(parsed.fault ?? []), ...fromEnvironment],
  };
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        demo: { type: 'boolean' },
        announce: { type: 'boolean' },
        'public-origin': { type: 'string' },
        fault: { type: 'string', multiple: true },
        books: { type: 'boolean' },
        'new-enrolment-code': { type: 'boolean' },
        store: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
