import { builtinModules } from 'node:module';
import { defineConfig, type OxlintOverride } from 'oxlint';

/**
 * The house rules that a machine can see, and for imports one table per room (PLACES). What oxlint has no rule for,
 * such as `new Date()`, is scanned by test/tidy.test.ts, which also plants one violation per rule of this file.
 *
 * Two traps, both silent: oxlint replaces a rule's options where a later override matches, it does not merge them, so
 * each place is written out whole; and it drops a regular expression that it cannot compile (no look-around).
 */

/** Import specifiers that match are refused with the message, which says what to do instead. */
interface Ban {
  readonly regex: string;
  readonly importNames?: string[];
  readonly allowImportNames?: string[];
  readonly message: string;
}

interface Place {
  readonly folder: string;
  readonly bans: readonly Ban[];
  /** Set where `../` may not leave this folder, or the one that is `above` it: what to do instead. */
  readonly closed?: { readonly above: number; readonly message: string };
}

/** The top folders. test/ may import anything, so it has no table. */
export const ROOMS = ['contract', 'hardware', 'main', 'preload', 'renderer', 'wallet', 'test'];

/** Wings follow the day: each may call those after it in this list, never one before it. */
export const WINGS = ['closing', 'paying', 'selling', 'people', 'journal', 'store'];

export const WALLETS = ['server', 'phone', 'operator'];

/** Folders below a place; test/tidy.test.ts refuses a deeper tree, which would escape the `../` rule. */
export const DEEPEST = 5;

const PLAIN_PATHS: Ban = {
  regex: '^(/|file:|https?:)|[^./]/\\.\\./|^\\./\\.\\./',
  message: 'Write the import plainly: #contract/x.ts across rooms, ./x.ts or ../x.ts inside a room.',
};

const ELECTRON: Ban = {
  regex: packages('electron'),
  message: 'Only main/electron/ and preload/ may know Electron: hand what is needed in from the host.',
};

const TEST_TOOLS: Ban = {
  regex: packages('vitest', 'playwright', 'fast-check', '@sparticuz/chromium', '@axe-core/playwright', 'axe-core'),
  message: 'This is a tool of the tests: move the code that needs it into test/.',
};

const NODE: Ban = {
  regex: '^node:',
  message: 'This code runs in a page, where Node does not exist: let the terminal do it and ask through the contract.',
};

const SERVER_LIBRARIES: Ban = {
  regex: packages('@orpc/server', 'better-sqlite3', 'fastify', 'pino', 'serialport', 'vite', 'ws', '@node-rs/argon2'),
  message: 'This library belongs to the server side: a page reaches it through the contract.',
};

const CONTRACT_IS_PURE: Ban = {
  regex: builtins((name) => name !== 'assert' && name !== 'crypto'),
  message: 'contract/ does no I/O and has no clock (node:assert and node:crypto are allowed): take it as an argument.',
};

const CONTRACT_DRAWS_NOTHING: Ban = {
  regex: '^node:crypto$',
  importNames: ['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync', 'getRandomValues', 'webcrypto'],
  message: 'contract/ draws no random numbers: take the id or the nonce as an argument.',
};

const TERMINAL_BANS: readonly Ban[] = [
  ELECTRON,
  TEST_TOOLS,
  {
    regex: packages('ws', 'fastify', 'vite', 'serialport', 'react', 'react-dom'),
    message: 'main/terminal/ serves no socket and shows no page: that belongs to a host, to hardware/ or to renderer/.',
  },
  {
    regex: builtins((name) => /^(child_process|cluster|dgram|http2?|https|net|readline|repl|tls)\b/.test(name)),
    message: 'main/terminal/ opens no socket, process or timer: openTerminal is handed a port or a clock for it.',
  },
  {
    // Giving way to a tap in the middle of a long import reads no clock.
    regex: '^node:timers(/promises)?$',
    allowImportNames: ['setImmediate'],
    message: 'main/terminal/ sets no timer: openTerminal is handed a clock for it (only setImmediate is allowed).',
  },
  {
    regex: '^node:crypto$',
    importNames: ['randomUUID', 'randomBytes', 'randomInt'],
    message: 'main/terminal/ makes ids with the newId that openTerminal is handed, so that a test can repeat a day.',
  },
];

const TERMINAL_IS_CLOSED =
  'main/terminal/ knows no host and nothing above it: openTerminal is handed what the till needs.';

const WALLETS_MEET_OVER_HTTP =
  'wallet/server, wallet/phone and wallet/operator meet over HTTP only: what they share is said in contract/.';

const PAGE_BANS = [ELECTRON, TEST_TOOLS, NODE, SERVER_LIBRARIES];

const PLACES: readonly Place[] = [
  { folder: 'contract', bans: [ELECTRON, TEST_TOOLS, SERVER_LIBRARIES, CONTRACT_IS_PURE, CONTRACT_DRAWS_NOTHING] },
  { folder: 'hardware', bans: [ELECTRON, TEST_TOOLS] },
  { folder: 'preload', bans: [TEST_TOOLS, NODE, SERVER_LIBRARIES] },
  { folder: 'renderer', bans: PAGE_BANS },
  { folder: 'main', bans: [ELECTRON, TEST_TOOLS, folderBan('electron', 'the bundle is a program of its own')] },
  {
    folder: 'main/electron',
    bans: [TEST_TOOLS, folderBan('browser', 'a host knows the terminal, not the other host')],
  },
  {
    folder: 'main/browser',
    bans: [ELECTRON, TEST_TOOLS, folderBan('electron', 'a host knows the terminal, not the other host')],
  },
  { folder: 'main/terminal', bans: TERMINAL_BANS, closed: { above: 0, message: TERMINAL_IS_CLOSED } },
  ...WINGS.map((wing, index) => ({
    folder: `main/terminal/${wing}`,
    bans: [
      ...TERMINAL_BANS,
      folderBan(
        WINGS.slice(0, index).join('|') || 'no wing before this one',
        `wings follow the day (${WINGS.join(' -> ')}) and may only call onwards. Turn the call round, or lift it into terminal.ts`,
      ),
      {
        regex: '^(\\.\\./)+(terminal|router)\\.ts$',
        message: 'terminal.ts knows the wings, no wing knows it: hand the value in.',
      },
    ],
    closed: { above: 1, message: TERMINAL_IS_CLOSED },
  })),
  { folder: 'wallet', bans: [ELECTRON, TEST_TOOLS] },
  ...WALLETS.map((wallet) => ({
    folder: `wallet/${wallet}`,
    bans: wallet === 'phone' ? PAGE_BANS : [ELECTRON, TEST_TOOLS],
    closed: { above: 0, message: WALLETS_MEET_OVER_HTTP },
  })),
];

const HANDED_IN = 'It is handed in: openTerminal({ clock, newId, ... }) in main/terminal/, an argument in contract/.';

export default defineConfig({
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: ['dist', 'coverage'],
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'react', 'jsx-a11y', 'vitest', 'promise'],
  env: { builtin: true },
  categories: { correctness: 'error' },
  rules: {
    // A promise that nobody waits for loses an error, and here an error can be money.
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/use-unknown-in-catch-callback-variable': 'error',
    'eslint/no-async-promise-executor': 'error',

    // What is not parsed is `unknown`; nothing is ever `any`.
    'typescript/no-explicit-any': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/no-unsafe-function-type': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/no-unnecessary-type-assertion': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/no-deprecated': 'error',

    // Ports are objects of closures, written in method form: they may be taken apart.
    'typescript/unbound-method': 'off',
    // By code point is how a name is cut here on purpose.
    'typescript/no-misused-spread': ['error', { allow: ['string'] }],

    // A type is imported as a type, so that Node can strip it.
    'typescript/consistent-type-imports': ['error', { prefer: 'type-imports' }],
    'typescript/no-import-type-side-effects': 'error',
    'typescript/no-require-imports': 'error',
    'import/no-cycle': 'error',
    'import/no-dynamic-require': ['error', { esmodule: true }],
    'import/no-self-import': 'error',
    'import/no-duplicates': 'error',
    'import/no-mutable-exports': 'error',
    'unicorn/prefer-node-protocol': 'error',

    'eslint/eqeqeq': 'error',
    'eslint/no-console': 'error',
    'eslint/no-var': 'error',
    'eslint/prefer-const': 'error',
    'eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
    'eslint/no-throw-literal': 'error',
    'eslint/no-fallthrough': 'error',
    'eslint/no-self-compare': 'error',
    'eslint/no-new-func': 'error',
    'eslint/no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'start' }],
    'unicorn/no-abusive-eslint-disable': 'error',

    'react/rules-of-hooks': 'error',
    'react/exhaustive-deps': 'error',
    // Rules of the React compiler, which does not build these pages.
    'react/set-state-in-effect': 'off',
    'react/incompatible-library': 'off',
    'react/no-danger': 'error',
    'react/jsx-no-target-blank': 'error',
    'react/jsx-no-script-url': 'error',
    'react/button-has-type': 'error',
    // A group of keys is a group, whatever its tag; tags that carry a role bring a look or a form with them.
    'jsx-a11y/prefer-tag-over-role': 'off',
    // React Aria moves the focus where a person expects it; the rule cannot see that.
    'jsx-a11y/no-autofocus': 'off',

    'vitest/no-focused-tests': 'error',
    'vitest/no-disabled-tests': 'error',
    'vitest/no-identical-title': 'error',
    // A law (fc.assert) and a helper that expects are assertions too.
    'vitest/expect-expect': 'off',
    'vitest/no-standalone-expect': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/require-mock-type-parameters': 'off',
  },
  overrides: [
    // Programs whose printed lines are their result.
    { files: ['test/bench/**', 'main/verify.ts'], rules: { 'eslint/no-console': 'off' } },
    {
      files: ['contract/**', 'main/terminal/**'],
      rules: {
        'eslint/no-restricted-properties': [
          'error',
          { object: 'Date', property: 'now', message: HANDED_IN },
          { object: 'Math', property: 'random', message: HANDED_IN },
          { object: 'crypto', property: 'randomUUID', message: HANDED_IN },
          { object: 'crypto', property: 'getRandomValues', message: HANDED_IN },
        ],
        'eslint/no-restricted-globals': [
          'error',
          ...['performance', 'setTimeout', 'setInterval', 'setImmediate'].map((name) => ({ name, message: HANDED_IN })),
        ],
      },
    },
    {
      files: ['contract/**'],
      rules: {
        'eslint/no-restricted-globals': [
          'error',
          ...[
            'performance',
            'setTimeout',
            'setInterval',
            'setImmediate',
            'fetch',
            'WebSocket',
            'process',
            'localStorage',
            'document',
            'window',
          ].map((name) => ({ name, message: 'contract/ does no I/O and has no clock: take it as an argument.' })),
        ],
      },
    },
    ...PLACES.flatMap(importTable),
  ],
});

/** One override per depth below the place, because how many `../` leave it depends on where the file lies. */
function importTable(place: Place): OxlintOverride[] {
  const [room = place.folder] = place.folder.split('/');
  const depthOfPlace = place.folder.split('/').length - 1;
  return Array.from({ length: DEEPEST }, (_, depth) => ({
    files: [`${place.folder}/${'*/'.repeat(depth)}*.{ts,tsx}`],
    rules: {
      'eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            ...place.bans,
            PLAIN_PATHS,
            otherRooms(room),
            ownRoom(room),
            climb(depthOfPlace + depth, `../ never leaves a room: ${room}/ shares only what contract/ says.`),
            ...(place.closed === undefined ? [] : [climb(depth + place.closed.above, place.closed.message)]),
          ],
        },
      ],
    },
  }));
}

function otherRooms(room: string): Ban {
  const others = ROOMS.filter((name) => name !== room && name !== 'contract');
  return {
    regex: `^#(${others.join('|')})/`,
    message: `${room}/ imports contract/ and npm packages only: say what is shared in contract/, or hand it in.`,
  };
}

function ownRoom(room: string): Ban {
  return { regex: `^#${room}/`, message: `Inside ${room}/ write ./x.ts or ../x.ts; #${room}/ is for other rooms.` };
}

function climb(depth: number, message: string): Ban {
  return { regex: `^(\\.\\./){${depth + 1}}`, message };
}

function folderBan(folder: string, reason: string): Ban {
  return { regex: `^(\\./|(\\.\\./)+)(${folder})/`, message: `Not from here: ${reason}.` };
}

function packages(...names: string[]): string {
  return `^(${names.map((name) => name.replace('.', '\\.')).join('|')})(/|$)`;
}

function builtins(isBanned: (name: string) => boolean): string {
  const names = builtinModules.map((name) => name.replace(/^node:/, '')).filter(isBanned);
  return `^node:(${names.join('|')})$`;
}
