// The house rules, each seen to bite: violations are planted in a copy of an empty house, the tools run over it once
// with the real configuration, and every plant must be refused with a message that says what to do instead.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check as isFormatted } from 'prettier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import lintConfig, { DEEPEST, ROOMS, WALLETS, WINGS } from '../oxlint.config.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TOOL_TIMEOUT_MS = 60_000;

interface Plant {
  readonly name: string;
  readonly folder: string;
  readonly source: string;
  readonly rule: string;
  /** Part of the message or of the advice under it. */
  readonly says: string;
  readonly extension?: 'ts' | 'tsx';
}

const IMPORTS = 'eslint(no-restricted-imports)';
const PRODUCT_ROOMS = ROOMS.filter((room) => room !== 'test');
const PAGES = ['renderer', 'wallet/phone'];

const importPlants: readonly Plant[] = [
  ...PRODUCT_ROOMS.flatMap((room) =>
    ROOMS.filter((other) => other !== room && other !== 'contract').map((other) =>
      refusedImport(room, `#${other}/x.ts`, 'imports contract/ and npm packages only'),
    ),
  ),
  ...PRODUCT_ROOMS.map((room) => refusedImport(room, `#${room}/x.ts`, `Inside ${room}/ write ./x.ts`)),
  ...PRODUCT_ROOMS.flatMap((room) => [
    refusedImport(room, '../other/x.ts', '../ never leaves a room'),
    refusedImport(`${room}/a`, '../../other/x.ts', '../ never leaves a room'),
    refusedImport(`${room}/a/b/c/d`, '../../../../../other/x.ts', '../ never leaves a room'),
    refusedImport(room, './a/../../x.ts', 'Write the import plainly'),
    refusedImport(room, '/etc/x.ts', 'Write the import plainly'),
    refusedImport(room, 'vitest', 'move the code that needs it into test/'),
    refusedImport(room, 'playwright', 'move the code that needs it into test/'),
  ]),
  ...['contract', 'hardware', 'main', 'main/browser', 'main/terminal', 'main/terminal/paying', 'renderer', 'wallet']
    .concat(WALLETS.map((wallet) => `wallet/${wallet}`))
    .map((folder) => refusedImport(folder, 'electron', 'Only main/electron/ and preload/ may know Electron')),

  ...['node:fs', 'node:fs/promises', 'node:net', 'node:http', 'node:child_process', 'node:timers', 'node:os'].map(
    (name) => refusedImport('contract', name, 'contract/ does no I/O and has no clock'),
  ),
  refusedImport('contract', 'node:crypto', 'contract/ draws no random numbers', '{ randomUUID }'),
  ...['fastify', 'better-sqlite3', 'ws'].map((name) =>
    refusedImport('contract', name, 'reaches it through the contract'),
  ),

  ...[...PAGES, 'preload'].flatMap((folder) => [
    refusedImport(folder, 'node:fs', 'Node does not exist'),
    refusedImport(folder, 'node:crypto', 'Node does not exist'),
    refusedImport(folder, '@orpc/server/ws', 'reaches it through the contract'),
    refusedImport(folder, 'better-sqlite3', 'reaches it through the contract'),
  ]),

  refusedImport('main', './electron/app.ts', 'a program of its own'),
  refusedImport('main/electron', '../browser/server.ts', 'not the other host'),
  refusedImport('main/browser', '../electron/window.ts', 'not the other host'),
  ...['main/terminal', ...WINGS.map((wing) => `main/terminal/${wing}`)].flatMap((folder) => [
    ...['../electron/app.ts', '../browser/server.ts', '../compose.ts'].map((path) =>
      refusedImport(folder, '../'.repeat(folder.split('/').length - 2) + path, 'main/terminal/ knows no host'),
    ),
    refusedImport(folder, 'ws', 'main/terminal/ serves no socket'),
    refusedImport(folder, 'react', 'main/terminal/ serves no socket'),
    refusedImport(folder, 'node:http', 'main/terminal/ opens no socket'),
    refusedImport(folder, 'node:child_process', 'main/terminal/ opens no socket'),
    refusedImport(folder, 'node:timers/promises', 'main/terminal/ sets no timer', '{ setTimeout }'),
    refusedImport(folder, 'node:crypto', 'newId', '{ randomUUID }'),
  ]),
  ...WINGS.flatMap((wing, index) =>
    WINGS.slice(0, index).map((before) =>
      refusedImport(`main/terminal/${wing}`, `../${before}/x.ts`, 'may only call onwards'),
    ),
  ),
  ...WINGS.map((wing) =>
    refusedImport(`main/terminal/${wing}`, '../terminal.ts', 'terminal.ts knows the wings, no wing knows it'),
  ),
  ...WALLETS.flatMap((wallet) =>
    WALLETS.filter((other) => other !== wallet).map((other) =>
      refusedImport(`wallet/${wallet}`, `../${other}/x.ts`, 'meet over HTTP only'),
    ),
  ),
  {
    name: 'a dynamic import is an import',
    folder: 'renderer',
    source: `export const later = () => import('#main/x.ts');`,
    rule: IMPORTS,
    says: 'imports contract/ and npm packages only',
  },
  {
    name: 'a re-export is an import',
    folder: 'hardware',
    source: `export { x } from '#main/x.ts';`,
    rule: IMPORTS,
    says: 'imports contract/ and npm packages only',
  },
  {
    name: 'an imported type is an import',
    folder: 'wallet/server',
    source: `import type { X } from '../phone/x.ts';\nexport type Y = X;`,
    rule: IMPORTS,
    says: 'meet over HTTP only',
  },
];

/** One violation per rule that the house chose by name, keyed by the rule as oxlint.config.ts writes it. */
const rulePlants: Readonly<Record<string, string>> = {
  'typescript/no-floating-promises': `const save = async () => {};\nexport function act() { save(); }`,
  'typescript/no-misused-promises': `const isPaid = async () => true;\nexport function act() { if (isPaid()) return 1; return 2; }`,
  'typescript/await-thenable': `export async function act() { await 1; }`,
  'typescript/return-await': `const save = async () => 1;\nexport async function act() { try { return save(); } catch { return 2; } }`,
  'typescript/only-throw-error': `export function act() { throw 'no'; }`,
  'typescript/prefer-promise-reject-errors': `export const act = () => Promise.reject('no');`,
  'typescript/use-unknown-in-catch-callback-variable': `export const act = (p: Promise<void>) => p.catch((e: Error) => e.message);`,
  'eslint/no-async-promise-executor': `export const act = new Promise<void>(async (done) => { await null; done(); });`,
  'typescript/no-explicit-any': `export const act = (x: any) => x;`,
  'typescript/no-unsafe-argument': `const x = JSON.parse('1');\nexport const act = Math.abs(x);`,
  'typescript/no-unsafe-assignment': `export const act: unknown[] = [1];\nexport const x = JSON.parse('1');`,
  'typescript/no-unsafe-call': `export const act = () => JSON.parse('1')();`,
  'typescript/no-unsafe-member-access': `export const act = () => JSON.parse('1').amount;`,
  'typescript/no-unsafe-return': `export function act() { return JSON.parse('1'); }`,
  'typescript/no-unsafe-function-type': `export const act = (f: Function) => f;`,
  'typescript/no-non-null-assertion': `export const act = (x: string | undefined) => x!.length;`,
  'typescript/ban-ts-comment': `// @ts-ignore\nexport const act: number = 'x';`,
  'typescript/no-misused-spread': `export const act = (list: Map<string, number>) => ({ ...list });`,
  'typescript/no-unnecessary-type-assertion': `export const act = (x: string) => (x as string).length;`,
  'typescript/switch-exhaustiveness-check': `export function act(x: 'paid' | 'open') { switch (x) { case 'paid': return 1; } return 2; }`,
  'typescript/no-deprecated': `/** @deprecated use y */\nfunction x() { return 1; }\nexport const act = x();`,
  'typescript/consistent-type-imports': `import { X } from './clean.ts';\nexport type Y = X;`,
  'typescript/no-import-type-side-effects': `import { type X } from './clean.ts';\nexport type Y = X;`,
  'typescript/no-require-imports': `export const act = require('x') as unknown;`,
  'import/no-cycle': `import { other } from './cycle-other.ts';\nexport const cycle = () => other;`,
  'import/no-dynamic-require': `export const act = (name: string) => import(name);`,
  'import/no-self-import': `import { self } from './import-no-self-import.ts';\nexport const x = self;`,
  'import/no-duplicates': `import { a } from './clean.ts';\nimport { b } from './clean.ts';\nexport const x = [a, b];`,
  'import/no-mutable-exports': `export let total = 1;\nexport const act = () => { total = 2; };`,
  'unicorn/prefer-node-protocol': `import { sep } from 'path';\nexport const act = sep;`,
  'eslint/eqeqeq': `export const act = (x: number) => x == 1;`,
  'eslint/no-console': `export const act = () => console.log('x');`,
  'eslint/no-var': `var x = 1;\nexport const act = () => x;`,
  'eslint/prefer-const': `let x = 1;\nexport const act = () => x;`,
  'eslint/no-unused-vars': `const x = 1;\nexport const act = 2;`,
  'eslint/no-throw-literal': `export function act() { throw 'no'; }`,
  'eslint/no-fallthrough': `export function act(x: number) { let y = 0; switch (x) { case 1: y = 1; case 2: y = 2; } return y; }`,
  'eslint/no-self-compare': `export const act = (x: number) => x === x;`,
  'eslint/no-new-func': `export const act = () => new Function('return 1');`,
  'eslint/no-warning-comments': `// ${'TO'}${'DO'} later\nexport const act = 1;`,
  'unicorn/no-abusive-eslint-disable': `/* eslint-${'disable'} */\nexport const act = 1;`,
  'react/rules-of-hooks': `import { useState } from 'react';\nexport function Act({ on }: { on: boolean }) { if (on) useState(1); return <p />; }`,
  'react/exhaustive-deps': `import { useEffect } from 'react';\nexport function Act({ on }: { on: () => void }) { useEffect(() => { on(); }, []); return <p />; }`,
  'react/no-danger': `export const Act = () => <p dangerouslySetInnerHTML={{ __html: 'x' }} />;`,
  'react/jsx-no-target-blank': `export const Act = () => <a target="_blank" href="https://example.com">x</a>;`,
  'react/jsx-no-script-url': `export const Act = () => <a href="javascript:act()">x</a>;`,
  'react/button-has-type': `export const Act = () => <button>x</button>;`,
  'vitest/no-focused-tests': `import { expect, test } from 'vitest';\ntest.${'only'}('x', () => expect(1).toBe(1));`,
  'vitest/no-disabled-tests': `import { expect, test } from 'vitest';\ntest.${'skip'}('x', () => expect(1).toBe(1));`,
  'vitest/no-identical-title': `import { expect, test } from 'vitest';\ntest('x', () => expect(1).toBe(1));\ntest('x', () => expect(2).toBe(2));`,
};

const CLOCK = ['Date.now()', 'Math.random()', 'crypto.randomUUID()', 'performance.now()', 'setTimeout(() => 1, 1)'];
const clockPlants: readonly Plant[] = ['contract', 'main/terminal', 'main/terminal/paying'].flatMap((folder) =>
  CLOCK.map((call) => ({
    name: `${folder} does not call ${call}`,
    folder,
    source: `export const act = () => ${call};`,
    rule: /^(Date|Math|crypto)\./.test(call) ? 'eslint(no-restricted-properties)' : 'eslint(no-restricted-globals)',
    says: folder === 'contract' && !/^(Date|Math|crypto)\./.test(call) ? 'take it as an argument' : 'It is handed in',
  })),
);

const plants: readonly Plant[] = [
  ...importPlants,
  ...clockPlants,
  ...Object.entries(rulePlants).map(([rule, source]): Plant => ({
    name: `${rule} bites`,
    folder: rule.startsWith('vitest/') ? 'test' : 'hardware',
    source,
    rule: rule.replace(/^(.*)\/(.*)$/, '$1($2)'),
    says: '',
    extension: rule.startsWith('react/') ? 'tsx' : 'ts',
  })),
];

/** What the rules must let through, so that none of them is a wall. */
const allowed: Readonly<Record<string, string>> = {
  'contract/allowed.ts': `import assert from 'node:assert';\nimport { createHash } from 'node:crypto';\nimport { z } from 'zod';\nassert(z);\nexport const act = (iso: string) => [createHash('sha256'), new Date(iso)];`,
  'hardware/codec/allowed.ts': `import { readFileSync } from 'node:fs';\nimport type { A } from '#contract/allowed.ts';\nimport { b } from '../b.ts';\nexport const act = (a: A): unknown => [readFileSync, a, b, setTimeout];`,
  'main/electron/allowed.ts': `import type { app } from 'electron';\nimport type { A } from '../terminal/terminal.ts';\nexport type B = [typeof app, A];`,
  'main/terminal/closing/allowed.ts': `import type { A } from '../paying/tender.ts';\nimport type { B } from '../store/database.ts';\nimport type { C } from './shift.ts';\nexport type D = [A, B, C];`,
  'main/terminal/allowed.ts': `import type { A } from './closing/shift.ts';\nimport { readFileSync } from 'node:fs';\nimport { setImmediate } from 'node:timers/promises';\nexport const act = (a: A): unknown => [a, readFileSync, setImmediate];`,
  'wallet/server/ledger/allowed.ts': `import type { A } from '../store/a.ts';\nimport Fastify from 'fastify';\nexport const act = (a: A): unknown => [a, Fastify];`,
  'renderer/screens/sell/allowed.tsx': `import type { A } from '#contract/allowed.ts';\nimport type { B } from '../../parts/b.tsx';\nexport type C = [A, B];`,
};

let house: string;
let lint: ReadonlyMap<string, readonly { readonly code: string; readonly text: string }[]>;

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'warikan-tidy-'));
  for (const name of ['package.json', 'tsconfig.json', 'oxlint.config.ts']) cpSync(join(ROOT, name), join(house, name));
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  for (const plant of plants) write(fileOf(plant), plant.source);
  for (const [file, source] of Object.entries(allowed)) write(file, source);
  write('hardware/cycle-other.ts', `import { cycle } from './import-no-cycle.ts';\nexport const other = () => cycle;`);
  for (const room of ['hardware', 'contract'])
    write(`${room}/clean.ts`, `export const a = 1;\nexport const b = 2;\nexport type X = 1;`);
  lint = runLint();
});

afterAll(() => {
  if (house !== undefined) rmSync(house, { recursive: true, force: true });
});

describe('the linter refuses', () => {
  test.each(plants.map((plant) => [plant.name, plant] as const))('%s', (_, plant) => {
    const found = (lint.get(fileOf(plant)) ?? []).filter(({ code }) => sameRule(code, plant.rule));

    expect(found.map(({ text }) => text).join('\n'), `nothing refused ${plant.source}`).toContain(plant.says);
    expect(found.length).toBeGreaterThan(0);
  });

  test('and has a planted violation for every rule that the house chose by name', () => {
    const chosen = Object.entries(lintConfig.rules ?? {}).filter(([, setting]) => setting !== 'off');
    expect(chosen.map(([rule]) => rule).toSorted()).toEqual(Object.keys(rulePlants).toSorted());
  });

  test('nothing that the house allows', () => {
    const refused = Object.keys(allowed).flatMap((file) =>
      (lint.get(file) ?? []).filter(({ code }) => code.includes('no-restricted')).map(({ text }) => `${file}: ${text}`),
    );
    expect(refused).toEqual([]);
  });
});

describe('the compiler refuses', () => {
  /** Each with the one error that it must bring, or another fault of the plant would hide a switch turned off. */
  const strict: readonly (readonly [name: string, error: string, source: string])[] = [
    ['an enum, which Node cannot strip', 'TS1294', 'export enum Act { A }'],
    [
      'a parameter property, which Node cannot strip',
      'TS1294',
      'export class Act { constructor(readonly x: number) {} }',
    ],
    ['a namespace, which Node cannot strip', 'TS1294', 'export namespace Act { export const x = 1; }'],
    ['a type imported as a value', 'TS1484', `import { X } from './clean.ts';\nexport type Act = X;`],
    ['an import without its extension', 'TS2835', `import { a } from './clean';\nexport const act = a;`],
    ['an element that may not be there', 'TS2322', 'export const act = (list: number[]): number => list[0];'],
    ['undefined in an optional property', 'TS2375', 'export const act: { x?: number } = { x: undefined };'],
    ['an implicit any', 'TS7006', 'export const act = (x) => x;'],
    ['an override that does not say so', 'TS4114', 'class A { x() {} }\nexport class Act extends A { x() {} }'],
    [
      'a case that falls through',
      'TS7029',
      'export function act(x: number) { let y = 0; switch (x) { case 1: y = 1; case 2: y = 2; } return y; }',
    ],
    ['an unused parameter', 'TS6133', 'export const act = (x: number) => 1;'],
    ['an unused variable', 'TS6133', 'const x = 1;\nexport const act = 2;'],
  ];

  test('syntax and types that are not strict, and nothing else', () => {
    strict.forEach(([, , source], index) => write(`contract/strict-${index}.ts`, source));
    const { stdout } = run('tsc', ['--pretty', 'false']);
    const errorsOf = (index: number) =>
      [...stdout.matchAll(new RegExp(`^contract/strict-${index}\\.ts\\(.*: error (TS\\d+)`, 'gm'))].map(
        ([, code]) => code,
      );

    expect(strict.map(([name], index) => [name, ...errorsOf(index)])).toEqual(
      strict.map(([name, error]) => [name, error]),
    );
  });
});

describe('knip refuses', () => {
  test('an unused file, export, type, dependency and an import that package.json does not list', () => {
    const yard = mkdtempSync(join(tmpdir(), 'warikan-knip-'));
    try {
      cpSync(join(ROOT, 'knip.json'), join(yard, 'knip.json'));
      const files = {
        'package.json': `{ "type": "module", "scripts": { "start": "node main/start.ts" }, "dependencies": { "left-over": "1.0.0" } }`,
        'main/start.ts': `import { used } from './config.ts';\nimport unlisted from 'not-listed';\nunlisted(used);`,
        'main/config.ts': `export const used = 1;\nexport const unused = 2;\nexport type Unused = 3;`,
        'main/orphan.ts': `export const orphan = 1;`,
      };
      for (const [file, source] of Object.entries(files)) write(file, source, yard);
      const { stdout } = run('knip', ['--no-config-hints', '--no-progress'], yard);

      const expected = ['main/orphan.ts', 'unused', 'Unused', 'left-over', 'not-listed'];
      expect(expected.filter((name) => !new RegExp(`^${name}\\b`, 'm').test(stdout))).toEqual([]);
    } finally {
      rmSync(yard, { recursive: true, force: true });
    }
  });

  test('and is told to ignore nothing', () => {
    const config = z.record(z.string(), z.unknown()).parse(JSON.parse(read('knip.json')));
    expect(Object.keys(config)).toEqual(['$schema', 'entry', 'project']);
    expect(JSON.stringify(config)).not.toContain('"!');
  });
});

test('Prettier refuses a line of another style', async () => {
  const config = z.record(z.string(), z.unknown()).parse(JSON.parse(read('.prettierrc.json')));
  expect([
    await isFormatted(`const a = 'x';\n`, { ...config, parser: 'typescript' }),
    await isFormatted(`const a = "x"\n`, { ...config, parser: 'typescript' }),
  ]).toEqual([true, false]);
});

describe('the tree', () => {
  const files = listFiles();
  const sources = files.filter((file) => /\.tsx?$/.test(file));
  const product = sources.filter((file) => !file.startsWith('test/') && file.includes('/'));

  test('has every source file inside tsconfig.json, or the linter would be half blind', () => {
    const { stdout } = run('tsc', ['--listFilesOnly'], ROOT);
    const known = new Set(stdout.split('\n').map((line) => relative(ROOT, line).split(sep).join('/')));
    expect(sources.filter((file) => !known.has(file))).toEqual([]);
  });

  test('keeps code in its rooms, wings and wallets, because every import table belongs to one of them', () => {
    const strays = product.filter((file) => {
      const [room = '', second = '', third = ''] = file.split('/');
      if (!ROOMS.includes(room)) return true;
      if (room === 'main' && second === 'terminal' && !third.endsWith('.ts')) return !WINGS.includes(third);
      if (room === 'wallet' && !/\.tsx?$/.test(second)) return !WALLETS.includes(second);
      return false;
    });
    expect(strays, 'move the file, or add its folder to a list in oxlint.config.ts').toEqual([]);
  });

  test('keeps stylesheets and pages inside their room or their wallet too, which the linter does not read', () => {
    const outside = files
      .filter((file) => /\.(css|html)$/.test(file) && ROOMS.includes(file.split('/')[0] ?? ''))
      .flatMap((file) => climbs(file, read(file)));
    expect(outside, 'copy the few lines, or set a custom property').toEqual([]);
    expect(climbs('wallet/phone/a.css', `@import '../../renderer/style/tokens.css';`)).toHaveLength(1);
    expect(climbs('wallet/phone/a.css', `@import url(../server/a.css);`)).toHaveLength(1);
    expect(climbs('renderer/parts/a.css', `.a { composes: b from '../style/b.css'; }`)).toEqual([]);
  });

  test('is no deeper than the import tables reach', () => {
    const deep = product.filter((file) => file.split('/').length - 1 > DEEPEST);
    expect(deep, 'flatten the folders, or raise DEEPEST in oxlint.config.ts').toEqual([]);
  });

  test('reads no clock of its own below the hosts', () => {
    const readings = offences(
      product.filter((file) => /^(contract|main\/terminal)\//.test(file)),
      CLOCK_READING,
    );
    expect(readings, 'take the time from the clock that openTerminal is handed, or as an argument').toEqual([]);
  });

  test.each(['new Date()', 'new Date( )', 'Date()', 'globalThis.setTimeout(f, 1)', 'AbortSignal.timeout(1)'])(
    'would be caught reading the clock by %s',
    (call) => {
      expect(CLOCK_READING.test(`const x = ${call};`)).toBe(true);
    },
  );

  test('skips no test and singles none out', () => {
    const tests = sources.filter((file) => file.startsWith('test/'));
    expect(
      offences(tests, SKIPPED),
      'let it run, or skip it where a tool of the system is missing: print why and write skipIf(toolMissing !== undefined)',
    ).toEqual([]);
    expect(SKIPPED.test(`describe.${'skip'}('x')`) && SKIPPED.test(`test.concurrent.${'only'}('x')`)).toBe(true);
  });

  test('gives a reason beside every rule that it turns off', () => {
    const bare = offences(sources, BARE_DIRECTIVE);
    expect(bare, 'write // oxlint-disable-next-line rule -- why').toEqual([]);
    expect(BARE_DIRECTIVE.test(`// oxlint-${'disable'}-next-line no-console`)).toBe(true);
    expect(BARE_DIRECTIVE.test(`// oxlint-${'disable'}-next-line no-console -- a person reads it`)).toBe(false);
  });

  test('names no path of one machine and no registry', () => {
    const text = files.filter((file) => !/\.(png|jpg|ico|icns|woff2?|ttf|pdf|gz|br|node|sqlite)$/.test(file));
    // A test may make up a person's home; elsewhere a home is somebody's.
    const homes = text.filter((file) => !file.startsWith('test/'));
    expect(
      [...offences(text, MACHINE_PATH), ...offences(homes, HOME_PATH)],
      'use a relative path, a temporary folder or an option',
    ).toEqual([]);
    expect(offences(text, REGISTRY), 'leave the registry to the configuration of the machine').toEqual([]);
    expect(['root', 'work'].filter((name) => !MACHINE_PATH.test(`'/${name}/main/x'`))).toEqual([]);
    expect(['home', 'Users'].filter((name) => !HOME_PATH.test(`'/${name}/mei/x'`))).toEqual([]);
    expect(['npmjs', 'yarnpkg', 'npmmirror'].filter((host) => !REGISTRY.test(`registry.${host}.org`))).toEqual([]);
  });

  test('locks every package by its checksum and none by its host', () => {
    const lock = z
      .object({ packages: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(JSON.parse(read('package-lock.json')));
    const outside = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(outside.filter(([, entry]) => 'resolved' in entry).map(([path]) => path)).toEqual([]);
    expect(outside.filter(([, entry]) => !('integrity' in entry)).map(([path]) => path)).toEqual([]);
  });

  test('decides about every install script and compiles nothing', () => {
    const { packages } = z
      .object({ packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })) })
      .parse(JSON.parse(read('package-lock.json')));
    const { allowScripts } = z
      .object({ allowScripts: z.record(z.string(), z.boolean()) })
      .parse(JSON.parse(read('package.json')));
    const scripted = Object.entries(packages)
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(
      scripted.filter((name) => !(name in allowScripts)),
      'decide in allowScripts of package.json',
    ).toEqual([]);
    // Only the pinned Node fetches its binary; npm would run node-gyp for better-sqlite3 because it sees a binding.gyp.
    expect(Object.keys(allowScripts).filter((name) => allowScripts[name])).toEqual(['node']);
    expect(allowScripts['better-sqlite3']).toBe(false);
  });

  test('pins every dependency to one version', () => {
    const { dependencies, devDependencies } = z
      .object({ dependencies: z.record(z.string(), z.string()), devDependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(read('package.json')));
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d/.test(version));
    expect(loose).toEqual([]);
  });
});

/** Ways to the clock that oxlint has no rule for. A date made from a value is fine. */
const CLOCK_READING =
  /new Date\(\s*\)|(?<![\w.]|new )Date\(|globalThis\.(set(Timeout|Interval|Immediate)|performance|Date|crypto)|AbortSignal\.timeout/;
const SKIPPED =
  /\b(test|it|describe|suite)(\.\w+)*\.(skip\b|only|todo|fails|runIf|skipIf(?!\(\w*[mM]issing !== undefined\)))/;
const BARE_DIRECTIVE = /(\/\/|\/\*)\s*(oxlint|eslint)-disable(?!.* -- \S)|@ts-expect-error\s*$/m;
const MACHINE_PATH = /(^|[\s'"`(=:,])\/(root|work)\/[\w.]/;
const HOME_PATH = /(^|[\s'"`(=:,])(\/(home|Users)\/[\w.]|[A-Z]:\\+Users\\)/;
const REGISTRY =
  /registry\.(npmjs|yarnpkg|npmmirror)\.|^(@[\w-]+:)?registry\s*=|npm\.pkg\.github|unpkg\.com|npmjs\.(org|com)/;

function refusedImport(folder: string, path: string, says: string, names = '* as x'): Plant {
  return {
    name: `${folder} does not import ${names === '* as x' ? '' : `${names} from `}${path}`,
    folder,
    source: `import ${names} from '${path}';\nexport const act: unknown = ${names === '* as x' ? 'x' : names.replaceAll(/[{} ]/g, '')};`,
    rule: IMPORTS,
    says,
  };
}

function fileOf(plant: Plant): string {
  const name = plant.name.endsWith(' bites')
    ? plant.name.slice(0, -' bites'.length).replaceAll('/', '-')
    : plant.name.replaceAll(/[^\w]+/g, '-');
  const suffix = plant.rule.startsWith('vitest(') ? '.test' : '';
  return `${plant.folder}/${name}${suffix}.${plant.extension ?? 'ts'}`;
}

/** oxlint names a rule by its newest plugin (`vitest(x)` may answer as `jest(x)`); the rule's own name is what counts. */
function sameRule(code: string, rule: string): boolean {
  const name = (text: string) => text.replace(/^.*\((.*)\)$/, '$1');
  return name(code) === name(rule);
}

function write(file: string, source: string, folder = house): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${source}\n`);
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function run(tool: string, args: readonly string[], cwd = house): { readonly stdout: string; readonly stderr: string } {
  const { stdout, stderr, error } = spawnSync(join(ROOT, 'node_modules', '.bin', tool), args, {
    cwd,
    encoding: 'utf8',
    timeout: TOOL_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  if (error !== undefined) throw error;
  return { stdout, stderr };
}

const LintReport = z.object({
  diagnostics: z.array(
    z.object({ code: z.string().optional(), message: z.string(), help: z.string().optional(), filename: z.string() }),
  ),
});

function runLint(): typeof lint {
  const { stdout, stderr } = run('oxlint', ['--type-aware', '--format', 'json', ...ROOMS]);
  if (!stdout.startsWith('{')) throw new Error(`oxlint did not report: ${stdout}${stderr}`);
  const byFile = new Map<string, { code: string; text: string }[]>();
  for (const { code = '', message, help = '', filename } of LintReport.parse(JSON.parse(stdout)).diagnostics) {
    const found = byFile.get(filename) ?? [];
    found.push({ code, text: `${message} ${help}` });
    byFile.set(filename, found);
  }
  return byFile;
}

/** Files that are, or would be, committed. */
function listFiles(): readonly string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return list.split('\0').filter((file) => file !== '' && isFile(join(ROOT, file)));
}

/** Paths of a stylesheet or page that leave the folder which may not be left: the room, or one of the wallets. */
function climbs(file: string, text: string): readonly string[] {
  const home = file.split('/').slice(0, file.startsWith('wallet/') ? 2 : 1);
  return [...text.matchAll(/['"(](\.\.\/[^'")]*)/g)]
    .map(([, path = '']) => `${file}: ${join(dirname(file), path).split(sep).join('/')}`)
    .filter((line) => !line.startsWith(`${file}: ${home.join('/')}/`));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function offences(list: readonly string[], pattern: RegExp): readonly string[] {
  return list.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}
