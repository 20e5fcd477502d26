import { expect, test } from 'vitest';
import { maskName } from '#wallet/server/token.ts';

test.each([
  ['Haru Tanaka', 'Haru •••'],
  ['  Mei   Sato ', 'Mei •••'],
  ['Maria del Mar Ruiz', 'Maria •••'],
  ['Cher', 'C •••'],
  ['田中春', '田 •••'],
  ['𠮷野家', '𠮷 •••'],
])('a shop sees %j as %j, never the whole name', (name, masked) => {
  expect(maskName(name)).toBe(masked);
});
