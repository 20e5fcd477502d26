import { expect, test } from 'vitest';
import { refusalSchema } from '#contract/terminal.ts';
import { attemptDeclineSchema } from '#contract/attempt.ts';
import { en } from '#renderer/locale/en.ts';
import { ja } from '#renderer/locale/ja.ts';

type Tree = { readonly [key: string]: string | Tree };

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : leaves(value, `${path}${key}.`),
  );
}

function placeholders(words: string): string[] {
  return [...words.matchAll(/{{(\w+)}}/g)].map(([, name = '']) => name).sort();
}

/** A plural form may leave its number out ("one more try"). */
const mayLeaveOut = new Set(['count']);

test('both languages say the same things with the same figures', () => {
  const japanese = new Map(leaves(ja));
  const differing = leaves(en).filter(([key, words]) => {
    const other = japanese.get(key);
    if (other === undefined || other === '') return true;
    const missing = placeholders(words).filter((name) => !placeholders(other).includes(name));
    const strange = placeholders(other).filter((name) => !placeholders(words).includes(name));
    return [...missing, ...strange].some((name) => !mayLeaveOut.has(name));
  });

  expect(differing).toEqual([]);
  expect([...japanese.keys()].sort()).toEqual(
    leaves(en)
      .map(([key]) => key)
      .sort(),
  );
});

test('nothing in Japanese was left in English', () => {
  const english = new Map(leaves(en));
  const same = leaves(ja).filter(([key, words]) => english.get(key) === words && /[a-z]{3}/.test(words));

  expect(same).toEqual([]);
});

test('every refusal of the contract has its words', () => {
  const reasons = refusalSchema.options.map((option) => option.shape.reason.value);

  expect(Object.keys(en.refusal).sort()).toEqual([...reasons].sort());
});

test('every decline of the contract has its words', () => {
  expect(Object.keys(en.attempt.reason).sort()).toEqual([...attemptDeclineSchema.options].sort());
});
