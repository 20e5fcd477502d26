import { expect, test } from 'vitest';
import { ownArguments } from '#main/electron/arguments.ts';

test.each([
  ['in a checkout', ['electron', '.', '--data', 'DIR'], false],
  ['packaged', ['/opt/Warikan/warikan', '--data', 'DIR'], true],
  [
    'with switches of Chromium',
    ['electron', '--inspect=0', '--remote-debugging-port=0', '.', '--no-sandbox', '--data', 'DIR'],
    false,
  ],
])('the terminal hears only what was said to it, %s', (_case, argv, isPackaged) => {
  expect(ownArguments(argv, isPackaged)).toEqual(['--data', 'DIR']);
});
