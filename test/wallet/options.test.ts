import { expect, test } from 'vitest';
import { parseTask as parseOperatorTask } from '#wallet/operator/options.ts';
import { parseTask as parseServerTask } from '#wallet/server/options.ts';

/** One key in sixty-four begins like an option. */
const key = `-${'A'.repeat(42)}`;

test('an operator is told of a key that begins with a hyphen', () => {
  const who = ['--operator-id', 'kumo', '--name', 'Kumo', '--wallet-url', 'http://127.0.0.1:1'];
  expect(parseOperatorTask(['--data', 'd', ...who, '--wallet-key', key])).toMatchObject({
    type: 'serve',
    walletKey: key,
  });
});

test('a wallet server is told of an operator whose key begins with a hyphen', () => {
  const operator = ['--add-operator', 'kumo', '--name', 'Kumo', '--url', 'http://127.0.0.1:1'];
  expect(parseServerTask(['--data', 'd', ...operator, '--key', key], {})).toMatchObject({
    type: 'add-operator',
    operator: { publicKey: key },
  });
});
